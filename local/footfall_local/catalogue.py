"""Which parts a stack can have, and how a chosen set of them is put together."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from footfall_local import druid, gateway, kafka, processes, redis
from footfall_local.class_archives import JavaProgram
from footfall_local.home import Home
from footfall_local.parts import Addresses, Part
from footfall_local.problems import RequirementMissingError
from footfall_local.stack_file import write_atomically
from footfall_local.tls import TlsFiles

ALL = (kafka.NAME, *druid.NAMES, redis.NAME, *processes.NAMES, gateway.NAME)
"""Every part, in the order in which they are shown."""

GROUPS: Mapping[str, tuple[str, ...]] = {"druid": druid.NAMES, "footfall": processes.NAMES}
"""Names that stand for several parts."""

LISTENERS: Mapping[str, tuple[str, ...]] = {
    kafka.NAME: kafka.LISTENERS,
    **druid.LISTENERS,
    redis.NAME: redis.LISTENERS,
    **processes.LISTENERS,
    gateway.NAME: gateway.LISTENERS,
}

NEEDED: Mapping[str, tuple[str, ...]] = {role.name: (druid.ZOOKEEPER, druid.COORDINATOR) for role in druid.ROLES}
"""Parts without which another can't start at all, so they come along when only that one is asked for."""

CLUSTERS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("ingest-1", "ingest-2"),
    "query": ("query-1",),
    "errors": ("errors-1", "errors-2"),
    "admin": ("errors-1",),
}
"""The servers behind the gateway."""


@dataclass(frozen=True)
class Plan:
    """What is to run, and with what. Written by whoever starts the stack, read by its supervisor."""

    parts: tuple[str, ...]
    ports: dict[str, int]
    """Also of parts that are not to run now, so that they have the same when they are."""
    programs: dict[str, str]
    """Paths, as `footfall_local.programs` found them."""
    tls: TlsFiles | None = None
    """The gateway's certificate and key. None: plain text."""
    cors_origins: tuple[str, ...] | None = None
    """Whose pages may call the gateway from a browser. None: those of this machine."""


_READER = TypeAdapter(Plan)


def write_plan(file: Path, plan: Plan) -> None:
    """Keep a plan for the supervisor, and its ports for the next start."""
    write_atomically(file, orjson.dumps(asdict(plan), default=str, option=orjson.OPT_INDENT_2))


def read_plan(file: Path) -> Plan | None:
    """Return the last plan, or None if there is none that can be read."""
    try:
        return _READER.validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def select(wanted: Collection[str] | None) -> tuple[str, ...]:
    """Return the parts that are asked for, and those that they can't be without; all of them for None.

    Raises:
        RequirementMissingError: a name is not a part's.
    """
    if wanted is None:
        return ALL
    names = {part for name in wanted for part in GROUPS.get(name, (name,))}
    unknown = sorted(names - set(ALL))
    if unknown:
        known = ", ".join((*GROUPS, *ALL))
        raise RequirementMissingError(f"There is no part {', '.join(unknown)}; there are {known}.")
    names |= {needed for name in names for needed in NEEDED.get(name, ())}
    return tuple(name for name in ALL if name in names)


def listeners(parts: Collection[str]) -> list[str]:
    """Return everything that needs a port."""
    return [listener for part in ALL if part in parts for listener in LISTENERS[part]]


def endpoints(plan: Plan) -> dict[str, str]:
    """Return the addresses of a stack as they are shown: `grpc` is where clients go."""
    addresses = _addresses(plan)
    shown = {"gateway": "grpc"} | {name.replace("-", "_"): name for name in processes.NAMES}
    found = {shown.get(listener, listener): addresses[listener] for listener in addresses.ports}
    if "grpc" in found and plan.tls is not None:
        found["grpc"] = f"https://{found['grpc']}"
    return found


def build(plan: Plan, home: Home) -> list[Part]:
    """Describe all parts of a stack, each after those that it needs."""
    addresses, programs = _addresses(plan), plan.programs
    parts: list[Part] = []
    if kafka.NAME in plan.parts:
        parts.append(kafka.kafka_part(home, addresses, _java(programs, "kafka")))
    if druid.ZOOKEEPER in plan.parts:
        parts.append(druid.zookeeper_part(home, addresses, _java(programs, "druid")))
        parts += druid.druid_parts(home, addresses, _java(programs, "druid"))
    if redis.NAME in plan.parts:
        parts.append(redis.redis_part(home, addresses, server=programs["redis"]))
    if any(process.name in plan.parts for process in processes.PROCESSES):
        parts += processes.steps(addresses)
    for process in processes.PROCESSES:
        if process.name in plan.parts:
            parts.append(processes.process_part(process, home, addresses))
    if gateway.NAME in plan.parts:
        servers = {name: [part for part in parts if part in plan.parts] for name, parts in CLUSTERS.items()}
        present = {name: parts for name, parts in servers.items() if parts}
        part = gateway.envoy_part(
            home, addresses, binary=programs["envoy"], servers=present, tls=plan.tls, origins=plan.cors_origins
        )
        parts.append(part)
    if set(ALL) <= set(plan.parts):
        # whom the gateway's certificate names, and who trusts it, is not known here
        asked = addresses["gateway"] if plan.tls is None else addresses["query_1"]
        parts.append(processes.first_report(asked, gateway.NAME, home))
    return [part for part in parts if part.once or part.name in plan.parts]


def _java(programs: Mapping[str, str], product: str) -> JavaProgram:
    return JavaProgram(java=programs["java"], jars=Path(programs[product]), archives=Path(programs["class_archives"]))


def _addresses(plan: Plan) -> Addresses:
    return Addresses({listener: plan.ports[listener] for listener in listeners(plan.parts)})
