import random
import socket
from collections.abc import Iterator

import pytest

from footfall_local.catalogue import ALL, listeners
from footfall_local.ports import HIGHEST, LOOPBACK, LOWEST, choose_ports, is_free
from footfall_local.problems import PortTakenError
from footfall_local.settings import LocalSettings, variable_of


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def choose(*listeners: str, wanted: dict[str, int] | None = None, last: dict[str, int] | None = None) -> dict[str, int]:
    return choose_ports(listeners, wanted=wanted or {}, last=last or {}, chance=random.Random(1))


def test_every_listener_has_a_free_port_of_its_own_below_the_ephemeral_ones() -> None:
    ports = choose(*(f"part{number}" for number in range(50)))
    assert len(set(ports.values())) == 50
    assert all(LOWEST <= port < HIGHEST and is_free(port) for port in ports.values())


def test_a_stack_has_the_ports_of_its_last_start_again() -> None:
    first = choose("kafka", "redis")
    assert choose("kafka", "redis", "envoy", last=first).items() >= first.items()


def test_a_port_of_the_last_start_that_is_taken_now_is_replaced(taken: int) -> None:
    assert choose("redis", last={"redis": taken})["redis"] != taken


def test_a_port_that_is_set_is_taken() -> None:
    free = choose("redis")["redis"]
    assert choose("kafka", "redis", wanted={"redis": free}, last={"kafka": free})["redis"] == free


def test_a_port_that_is_set_and_taken_is_refused_in_one_sentence(taken: int) -> None:
    with pytest.raises(PortTakenError, match=rf"^Port {taken} is taken .*FOOTFALL_LOCAL_GATEWAY_PORT.*\.$") as refused:
        choose("gateway", wanted={"gateway": taken})
    assert refused.value.exit_code == 2


def test_a_port_that_is_set_twice_is_refused() -> None:
    free = choose("redis")["redis"]
    with pytest.raises(PortTakenError, match="set twice"):
        choose("kafka", "redis", wanted={"kafka": free, "redis": free})


def test_every_listener_of_every_part_has_a_setting() -> None:
    fields = {variable_of(name.removesuffix("_port")) for name in LocalSettings.__dataclass_fields__}
    assert {variable_of(listener) for listener in listeners(ALL)} <= fields
