import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from footfall_local.catalogue import ALL, Plan, build, endpoints, listeners, read_plan, select, write_plan
from footfall_local.home import Home
from footfall_local.problems import RequirementMissingError
from footfall_local.supervisor import waves
from footfall_local.tls import TlsFiles

PROGRAMS = {name: f"/programs/{name}" for name in ("java", "redis", "envoy", "kafka", "druid")}


def plan(tmp_path: Path, *wanted: str) -> Plan:
    parts = select(wanted or None)
    ports = {listener: 15_000 + number for number, listener in enumerate(listeners(parts))}
    return Plan(parts=parts, ports=ports, programs=PROGRAMS | {"class_archives": str(tmp_path / "archives")})


def wave_of(name: str, found: list[list[str]]) -> int:
    return next(number for number, wave in enumerate(found) if name in wave)


def test_all_parts_are_started_unless_some_are_chosen() -> None:
    assert select(None) == ALL
    assert select(["redis", "kafka"]) == ("kafka", "redis")


def test_a_group_stands_for_its_parts_and_a_part_brings_what_it_cannot_be_without() -> None:
    assert "druid-indexer" in select(["druid"])
    assert select(["druid-broker"]) == ("zookeeper", "druid-coordinator", "druid-broker")


def test_a_name_that_is_no_part_is_refused() -> None:
    with pytest.raises(RequirementMissingError, match="There is no part postgres; there are druid, "):
        select(["postgres"])


def test_parts_are_started_after_those_that_they_need(tmp_path: Path) -> None:
    found = waves(build(plan(tmp_path), Home(tmp_path)))
    order = ["kafka", "provision-topics", "ingest-1", "envoy"]
    assert [wave_of(name, found) for name in order] == sorted(wave_of(name, found) for name in order)
    assert wave_of("kafka", found) < wave_of("provision-topics", found) < wave_of("events-1", found)
    assert wave_of("zookeeper", found) < wave_of("druid-indexer", found)
    assert {"druid-broker", "druid-historical", "druid-indexer"} <= set(found[wave_of("druid-coordinator", found)])


def test_an_id_of_kafkas_cluster_that_begins_with_a_hyphen_is_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" + bytes(15)))
    kafka = next(part for part in build(plan(tmp_path), Home(tmp_path)) if part.name == "kafka")
    assert kafka.preparation
    assert "--cluster-id=-AAAAAAAAAAAAAAAAAAAAA" in kafka.preparation.command


def test_our_processes_are_told_where_the_others_are(tmp_path: Path) -> None:
    chosen = plan(tmp_path)
    parts = {part.name: part for part in build(chosen, Home(tmp_path))}
    where = endpoints(chosen)
    ingest = parts["ingest-2"].environment
    assert ingest["FOOTFALL_INSTANCE_NAME"] == "ingest-2"
    assert ingest["FOOTFALL_HOST_ADDRESS"] == where["ingest-2"] != where["ingest-1"]
    assert ingest["FOOTFALL_KAFKA_BOOTSTRAP_SERVERS"] == where["kafka"]
    assert all(
        parts[server].environment["FOOTFALL_REDIS_URL"] == f"redis://{where['redis']}/0"
        for server in ("ingest-1", "ingest-2", "query-1", "errors-1", "errors-2")
    )
    assert parts["queries-1"].environment["FOOTFALL_DRUID_BROKER_URL"] == f"http://{where['druid_broker']}"
    assert parts["events-1"].environment["FOOTFALL_STATE_DIR"] == str(tmp_path / "state" / "events-1")


def test_everything_listens_on_loopback_only(tmp_path: Path) -> None:
    chosen = plan(tmp_path)
    assert all(address.startswith("127.0.0.1:") for address in endpoints(chosen).values())
    parts = {part.name: part for part in build(chosen, Home(tmp_path))}
    kafka, broker = ("".join(parts[name].files.values()) for name in ("kafka", "druid-broker"))
    assert "listeners=PLAINTEXT://127.0.0.1:" in kafka
    assert "druid.bindOnHost=true" in broker
    assert "clientPortAddress=127.0.0.1" in "".join(parts["zookeeper"].files.values())


def test_a_plan_is_read_as_it_was_written_and_keeps_ports_of_absent_parts_to_itself(tmp_path: Path) -> None:
    chosen = plan(tmp_path, "redis")
    chosen.ports["kafka"] = 15_999
    write_plan(tmp_path / "plan.json", chosen)
    assert read_plan(tmp_path / "plan.json") == chosen
    assert list(endpoints(chosen)) == ["redis"]


def test_with_a_certificate_clients_are_sent_to_https_and_the_stack_itself_trusts_nobody(tmp_path: Path) -> None:
    tls = TlsFiles(tmp_path / "c.pem", tmp_path / "k.pem")
    chosen = replace(plan(tmp_path), tls=tls, cors_origins=("https://shop.example",))
    where = endpoints(chosen)
    assert where["grpc"] == f"https://127.0.0.1:{chosen.ports['gateway']}"
    parts = {part.name: part for part in build(chosen, Home(tmp_path))}
    assert parts["first-report"].command[-1] == where["query-1"]
    envoy = "".join(parts["envoy"].files.values())
    assert str(tls.certificate) in envoy
    assert "https://shop.example" in envoy
    write_plan(tmp_path / "plan.json", chosen)
    assert read_plan(tmp_path / "plan.json") == chosen
