"""Keys on a whole Footfall, embedded and real: every RPC refuses every wrong key, and a revoked one stays revoked."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest

from footfall.v1 import admin_pb2, admin_pb2_grpc
from footfall_core.access.scopes import Scope, number_of
from footfall_core.access.signing_keys import read_signing_key
from footfall_local.home import Home
from footfall_local.stack import Stack
from tests.access import (
    OPERATORS,
    SERVER_STREAMS,
    STREAM_ERRORS,
    STREAM_EVENTS,
    Keyring,
    methods,
    reason_of,
    request_of,
)
from tests.again import PATIENTLY
from tests.e2e.conftest import Footfall
from tests.e2e.embedded import Embedded, embedded_in
from tests.e2e.processes import process_of, restarts_of, wait_for
from tests.keys import lend, run_keys

METADATA = "/footfall.v1.QueryService/GetMetadata"
SOON_SECONDS = 30.0
"""How long all servers may take to know of a revocation; it takes a second, and five on a machine that stands still."""


@dataclass
class Place:
    """A Footfall that runs."""

    address: str
    home: Path
    restart: Callable[[], str]
    """Starts a server that checks keys anew, and returns the address."""
    keyring: Keyring

    def call(self, method: str, data: bytes, token: str | None, *more: tuple[str, str]) -> bytes:
        """Call a method of any kind, and return its first answer."""
        metadata = [*more, *([("authorization", f"Bearer {token}")] if token is not None else [])]
        with grpc.insecure_channel(self.address, [PATIENTLY]) as channel:
            if method == STREAM_EVENTS:
                stream = channel.stream_stream(method)(iter([data]), metadata=metadata, timeout=30)
                return bytes(next(stream))
            if method in SERVER_STREAMS:
                errors = channel.unary_stream(method)(data, metadata=metadata, timeout=30)
                return bytes(next(errors))
            return bytes(channel.unary_unary(method)(data, metadata=metadata, timeout=30))

    def ends(self, method: str, data: bytes, token: str | None, *more: tuple[str, str]) -> tuple[grpc.StatusCode, str]:
        """Return code and reason of a call that is refused."""
        with pytest.raises(grpc.RpcError) as error:
            self.call(method, data, token, *more)
        return error.value.code(), reason_of(error.value)  # type: ignore[attr-defined]

    def ask(self, method: str, request: object) -> object:
        """Call a method of `AdminService` with the development key."""
        with grpc.insecure_channel(self.address, [PATIENTLY]) as channel:
            stub = admin_pb2_grpc.AdminServiceStub(channel)  # type: ignore[no-untyped-call]
            sent = [("authorization", f"Bearer {os.environ['FOOTFALL_KEY']}")]
            return getattr(stub, method)(request, metadata=sent, timeout=30)

    def new_key(self, property_id: str, *scopes: Scope) -> admin_pb2.CreateKeyResponse:
        key = admin_pb2.Key(scopes=[number_of(scope) for scope in scopes])  # type: ignore[misc]
        made = self.ask("CreateKey", admin_pb2.CreateKeyRequest(parent=f"properties/{property_id}", key=key))
        assert isinstance(made, admin_pb2.CreateKeyResponse)
        return made


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Embedded, Path]]:
    home = tmp_path_factory.mktemp("home")
    with embedded_in(home / "embedded") as process:
        process.start()
        yield process, home


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest) -> Place:
    keyring = Keyring(read_signing_key(run_keys().signing_key.read_text()))
    if request.param == "embedded":
        process, home = request.getfixturevalue("process")

        def again() -> str:
            process.kill()
            return str(process.start())

        address = process.data.running_at()
        assert address is not None
        return Place(address, home, again, keyring)
    stack: Stack = request.getfixturevalue("stack")

    def restarted() -> str:
        before = restarts_of(stack, "query-1")
        os.kill(process_of(stack, "query-1"), signal.SIGKILL)
        wait_for("another query server", lambda: restarts_of(stack, "query-1") > before or None)
        return stack.addresses["grpc"]

    return Place(stack.addresses["grpc"], stack.home.folder, restarted, keyring)


@pytest.fixture
def shop(place: Place, property_id: str) -> str:
    place.ask("CreateProperty", admin_pb2.CreatePropertyRequest(property_id=property_id))
    return property_id


@pytest.mark.timeout(300)
def test_every_method_refuses_every_wrong_key_and_takes_the_right_one(place: Place, shop: str) -> None:
    revoked = place.new_key(shop, *Scope)
    place.ask("RevokeKey", admin_pb2.RevokeKeyRequest(name=revoked.key.name))
    revoked_id = revoked.key.name.rpartition("/")[2]
    wait_until_refused(place, shop, revoked.token)
    for method in methods():
        data = request_of(method, shop).SerializeToString()
        for kind, refused in place.keyring.refused(method, shop, revoked_id).items():
            if kind == "revoked":
                wait_for(
                    f"{method} knows of the revocation",
                    lambda m=method, d=data: refusal(place, m, d, revoked.token) == "KEY_REVOKED" or None,  # type: ignore[misc]
                    SOON_SECONDS,
                )
            elif method == STREAM_EVENTS and refused.code is grpc.StatusCode.PERMISSION_DENIED:
                assert b"The key " in place.call(method, data, refused.token), (method, kind)
            else:
                assert place.ends(method, data, refused.token) == (refused.code, refused.reason), (method, kind)
        if method not in OPERATORS and not method.endswith(("GetError", "RevokeKey")):
            place.call(method, data, place.keyring.token(shop))


def refusal(place: Place, method: str, data: bytes, token: str) -> str:
    """Return why a call is refused; nothing if it isn't, or by the gateway while there is no server."""
    try:
        place.call(method, data, token)
    except grpc.RpcError as error:
        return reason_of(error)
    return ""


def wait_until_refused(place: Place, shop: str, token: str) -> float:
    began = time.monotonic()
    data = request_of(METADATA, shop).SerializeToString()
    wait_for(
        "the revocation is known",
        lambda: refusal(place, METADATA, data, token) == "KEY_REVOKED" or None,
        SOON_SECONDS,
    )
    return time.monotonic() - began


def test_a_revocation_is_known_within_seconds_and_outlives_the_server(place: Place, shop: str) -> None:
    made = place.new_key(shop, Scope.READ)
    data = request_of(METADATA, shop).SerializeToString()
    assert place.call(METADATA, data, made.token)
    place.ask("RevokeKey", admin_pb2.RevokeKeyRequest(name=made.key.name))
    print(f"refused after {wait_until_refused(place, shop, made.token) * 1e3:.0f} ms")
    place.address = place.restart()
    wait_for(
        "refused by the new server too", lambda: refusal(place, METADATA, data, made.token) == "KEY_REVOKED" or None
    )
    listed = place.ask("ListKeys", admin_pb2.ListKeysRequest(parent=f"properties/{shop}"))
    assert [key.state for key in listed.keys] == [admin_pb2.KEY_STATE_REVOKED]  # type: ignore[attr-defined]


def test_a_stream_of_errors_ends_when_its_key_is_revoked(place: Place, shop: str) -> None:
    made = place.new_key(shop, Scope.ERRORS)
    with grpc.insecure_channel(place.address) as channel:
        stream = channel.unary_stream(STREAM_ERRORS)(
            request_of(STREAM_ERRORS, shop).SerializeToString(),
            metadata=[("authorization", f"Bearer {made.token}")],
            timeout=60,
        )
        assert next(stream)
        place.ask("RevokeKey", admin_pb2.RevokeKeyRequest(name=made.key.name))
        began = time.monotonic()
        with pytest.raises(grpc.RpcError) as error:
            for _ in stream:
                pass
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[attr-defined]
    # heartbeats come every 15 s; a stream that is silent ends all the same
    assert time.monotonic() - began < 10


def test_what_was_refused_is_in_nobodys_errors(place: Place, shop: str) -> None:
    for token in (None, "garbage", place.keyring.token("another-shop")):
        data = request_of("/footfall.v1.IngestService/WriteEvents", shop).SerializeToString()
        with pytest.raises(grpc.RpcError):
            place.call("/footfall.v1.IngestService/WriteEvents", data, token)
    listing = "/footfall.v1.ErrorService/ListErrors"
    found = place.call(listing, request_of(listing, shop).SerializeToString(), place.keyring.token(shop))
    assert found == b""


def test_the_propertys_time_zone_is_that_of_its_reports(place: Place, shop: str) -> None:
    changed = admin_pb2.UpdatePropertyRequest(
        property=admin_pb2.Property(name=f"properties/{shop}", time_zone="Asia/Kolkata")
    )
    changed.update_mask.paths.append("time_zone")
    place.ask("UpdateProperty", changed)
    report = "/footfall.v1.QueryService/RunReport"
    data = request_of(report, shop).SerializeToString()
    token = place.keyring.token(shop)
    wait_for("the new zone", lambda: b"Asia/Kolkata" in place.call(report, data, token) or None, SOON_SECONDS)


@pytest.mark.stack
def test_pages_of_hosts_that_are_not_allowed_are_refused_through_the_gateway(stack: Stack, property_id: str) -> None:
    url, key = f"http://{stack.addresses['grpc']}", {"authorization": f"Bearer {os.environ['FOOTFALL_KEY']}"}
    with httpx.Client(base_url=url, headers=key, trust_env=False, timeout=30) as http:
        created = {"propertyId": property_id, "property": {"allowedHosts": ["shop.example"]}}
        assert http.post("/v1/properties", json=created).status_code == 200

        def asked(origin: str) -> int:
            return http.get(f"/v1/properties/{property_id}/metadata", headers={"origin": origin}).status_code

        wait_for("the hosts are known", lambda: asked("https://evil.example") == 403 or None, SOON_SECONDS)
        assert asked("https://shop.example") == 200
        assert http.get(f"/v1/properties/{property_id}/metadata").status_code == 200
        assert http.post("/v1/properties", json=created).status_code == 409
        assert http.get("/v1/properties/nobody-made-it").status_code == 404
        asks_first = {"origin": "http://localhost", "access-control-request-method": "POST"}
        asks_first["access-control-request-headers"] = "authorization,content-type"
        preflight = http.options(f"/v1/properties/{property_id}/metadata", headers=asks_first)
        assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = httpx.get(f"{url}/v1/properties/{property_id}/metadata", trust_env=False, timeout=30)
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (401, "NO_KEY")


def test_the_commands_create_list_and_revoke(place: Place, property_id: str) -> None:
    footfall = Footfall(place.home)

    def run(*arguments: str, **environment: str) -> str:
        ran = footfall(*arguments, "--endpoint", place.address, **environment)
        assert ran.code == 0, ran.err
        return ran.out

    created = run("properties", "create", property_id, "--timezone", "Europe/Berlin", "--currency", "EUR")
    assert "Europe/Berlin" in created
    changed = json.loads(run("properties", "update", property_id, "--host", "*.shop.example", "--json"))
    assert (changed["allowed_hosts"], changed["time_zone"]) == (["*.shop.example"], "Europe/Berlin")
    assert property_id in {p["name"].partition("/")[2] for p in json.loads(run("properties", "list", "--json"))}
    token = run("keys", "create", "--property", property_id, "--scope", "read", "--days", "1").strip()
    report = ("report", "--property", property_id, "--metrics", "eventCount", "--from", "today", "--to", "today")
    assert "days in Europe/Berlin" in run(*report, FOOTFALL_KEY=token)
    (key,) = json.loads(run("keys", "list", "--property", property_id, "--json"))
    assert (key["scopes"], key["state"]) == (["KEY_SCOPE_READ"], "KEY_STATE_ACTIVE")
    run("keys", "revoke", key["name"].rpartition("/")[2], "--property", property_id)

    def refused() -> bool | None:
        ran = footfall(*report, "--endpoint", place.address, FOOTFALL_KEY=token)
        return (ran.code == 2 and "was revoked" in ran.err) or None

    wait_for("the command says that its key was revoked", refused)
    for arguments, sentence in (
        (("properties", "create", property_id), "already"),
        (("properties", "show", f"{property_id}-x"), "There is no property"),
        (("properties", "update", property_id, "--timezone", "Mars/Olympus"), "IANA"),
        (("properties", "update", property_id, "--currency", "QQQ"), "ISO 4217"),
        (("properties", "update", property_id, "--host", "https://shop.example"), "without scheme"),
        (("keys", "create", "--property", property_id, "--scope", "import"), "without write"),
        (("keys", "revoke", "none", "--property", property_id), "has no key none"),
    ):
        ran = footfall(*arguments, "--endpoint", place.address)
        assert (ran.code, ran.out) == (2, ""), ran
        assert sentence in ran.err


def test_the_development_key_is_found_on_this_machine_and_sent_nowhere_else(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "embedded") as process:
        process.data.keys.make()
        address = process.start()
        own = process.data.keys.read_development_key()
        footfall = Footfall(tmp_path)
        report = ("report", "--property", "shop", "--metrics", "eventCount", "--from", "today", "--to", "today")
        assert footfall("keys", "development", FOOTFALL_KEY="").out.strip() == own
        assert own != os.environ["FOOTFALL_KEY"]
        assert footfall(*report, FOOTFALL_KEY="").code == 0
        assert footfall(*report).code == 2  # of the run, which this process does not take
        assert footfall(*report, "--key", own).code == 0
        elsewhere = Footfall(tmp_path / "elsewhere")
        ran = elsewhere(*report, "--endpoint", address, FOOTFALL_KEY="")
        assert (ran.code, "A key is missing" in ran.err) == (2, True)
        for file in process.data.keys.folder.iterdir():
            assert file.stat().st_mode & 0o777 == 0o600


def test_keys_outlive_a_state_that_is_made_anew(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        address = process.start()
        keyring = Keyring(read_signing_key(run_keys().signing_key.read_text()))
        place = Place(address, tmp_path, lambda: address, keyring)
        place.ask("CreateProperty", admin_pb2.CreatePropertyRequest(property_id="shop"))
        made = place.new_key("shop", Scope.READ)
        place.ask("RevokeKey", admin_pb2.RevokeKeyRequest(name=made.key.name))
        process.stop()
        for name in ("state.sqlite", "rows.duckdb"):
            for file in (tmp_path / "data").glob(f"{name}*"):
                file.unlink()
        place.address = process.start()
        data = request_of(METADATA, "shop").SerializeToString()
        assert place.ends(METADATA, data, made.token) == (grpc.StatusCode.UNAUTHENTICATED, "KEY_REVOKED")


@pytest.mark.parametrize("name", ["signing-key.json", "verification-keys.json"])
def test_a_damaged_file_of_keys_is_named(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    keys = Embedded(tmp_path / "embedded").data.keys
    lend(keys)
    keys.make()
    (keys.folder / name).write_text("{}")
    ran = Footfall(home.folder)("serve", "--embedded")
    assert ran.code == 2
    assert str(keys.folder) in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_key_is_never_in_the_log(tmp_path: Path) -> None:
    with embedded_in(tmp_path / "data") as process:
        place = Place(process.start(), tmp_path, str, Keyring(read_signing_key(run_keys().signing_key.read_text())))
        for token in (os.environ["FOOTFALL_KEY"], "garbage-key", place.keyring.token("shop", Scope.WRITE)):
            refusal(place, METADATA, request_of(METADATA, "shop").SerializeToString(), token)
        process.stop()
        log = process.data.log_lines.read_text()
        for token in (os.environ["FOOTFALL_KEY"], "garbage-key"):
            assert token not in log
            assert token.rpartition(".")[2] not in log
