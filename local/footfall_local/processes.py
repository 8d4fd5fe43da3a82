"""Our own processes, and the steps that prepare Kafka and Druid for them, as parts of a local stack."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from footfall_local.home import Home
from footfall_local.parts import Addresses, Part
from footfall_local.probes import Probe, grpc_serving, http_ok

DRAIN_S = 30.0


@dataclass(frozen=True)
class Process:
    """One of our processes."""

    name: str
    command: tuple[str, ...]
    """Arguments of `footfall`."""
    serves_grpc: bool
    needs: tuple[str, ...]
    keeps_state: bool = False
    signs: bool = False
    """Whether it makes keys, and so is told the signing key."""


TOPICS, DATASOURCES = "provision-topics", "provision-datasources"
STEPS = (TOPICS, DATASOURCES)

PROCESSES = (
    Process("ingest-1", ("serve", "ingest"), serves_grpc=True, needs=(TOPICS, "redis")),
    Process("ingest-2", ("serve", "ingest"), serves_grpc=True, needs=(TOPICS, "redis")),
    Process("events-1", ("consume", "events"), serves_grpc=False, needs=(TOPICS,), keeps_state=True),
    Process("imports-1", ("consume", "imports"), serves_grpc=False, needs=(TOPICS,), keeps_state=True),
    # starts a worker for each reprocessing, and rests otherwise
    Process("runs-1", ("consume", "runs"), serves_grpc=False, needs=(DATASOURCES, "druid-broker"), keeps_state=True),
    Process("query-1", ("serve", "query"), serves_grpc=True, needs=(TOPICS, "redis")),
    Process("queries-1", ("consume", "queries"), serves_grpc=False, needs=(DATASOURCES, "druid-broker")),
    # in one process, because memory is dear on one machine; apart elsewhere, for one of them has the signing key
    Process("errors-1", ("serve", "errors", "admin"), serves_grpc=True, needs=(TOPICS, "redis"), signs=True),
    Process("errors-2", ("serve", "errors"), serves_grpc=True, needs=(TOPICS, "redis")),
)
NAMES = tuple(process.name for process in PROCESSES)
SERVERS = tuple(process.name for process in PROCESSES if process.serves_grpc)


def _health_of(name: str) -> str:
    return f"{_slot(name)}_health"


def _slot(name: str) -> str:
    return name.replace("-", "_")


LISTENERS: Mapping[str, tuple[str, ...]] = {
    process.name: (*((_slot(process.name),) if process.serves_grpc else ()), _health_of(process.name))
    for process in PROCESSES
}


def steps(addresses: Addresses) -> list[Part]:
    """Describe the steps that make what our processes expect: topics in Kafka, and datasources in Druid."""
    shared = _shared(addresses)
    command = (sys.executable, "-m", "footfall_cli.main", "provision")
    parts = []
    if "kafka" in addresses:
        parts.append(Part(name=TOPICS, command=(*command, "topics"), needs=("kafka",), environment=shared, once=True))
    if "kafka" in addresses and "druid_overlord" in addresses:
        # the supervisor reads its topic's partitions at once, so the topics come first
        needs = (TOPICS, "druid-coordinator")
        parts.append(
            Part(
                name=DATASOURCES,
                command=(*command, "datasources"),
                needs=needs,
                environment=shared,
                once=True,
            )
        )
    return parts


def first_report(endpoint: str, gateway: str, home: Home) -> Part:
    """Describe the step that ends when the whole chain works, of a stack that has all of our processes."""
    return Part(
        name="first-report",
        command=(sys.executable, "-m", "footfall_local.first_report", endpoint),
        needs=(*NAMES, gateway),
        environment={"FOOTFALL_KEY": home.keys.read_development_key()},
        once=True,
    )


def process_part(process: Process, home: Home, addresses: Addresses) -> Part:
    """Describe one of our processes as a part of a stack."""
    state = home.state / process.name
    health = addresses[_health_of(process.name)]
    environment = _shared(addresses) | {
        "FOOTFALL_INSTANCE_NAME": process.name,
        "FOOTFALL_HEALTH_ADDRESS": health,
        "PYTHONUNBUFFERED": "1",
    }
    ready: Probe
    if process.serves_grpc:
        environment["FOOTFALL_HOST_ADDRESS"] = address = addresses[_slot(process.name)]
        environment["FOOTFALL_ACCESS_VERIFICATION_KEYS"] = str(home.keys.verification_keys)
        ready = grpc_serving(address)
    else:
        ready = http_ok(f"http://{health}/readyz")
    if process.signs:
        environment["FOOTFALL_ADMIN_SERVER_SIGNING_KEY"] = str(home.keys.signing_key)
    if process.keeps_state:
        environment["FOOTFALL_STATE_DIR"] = str(state)
    return Part(
        name=process.name,
        command=(sys.executable, "-m", "footfall_cli.main", *process.command),
        ready=ready,
        needs=process.needs,
        environment=environment,
        folders=(state,) if process.keeps_state else (),
        drain_s=DRAIN_S,
    )


def _shared(addresses: Addresses) -> dict[str, str]:
    """Return what all of our processes are told of the others, as far as they are in the stack."""
    variables = {}
    if "kafka" in addresses:
        variables["FOOTFALL_KAFKA_BOOTSTRAP_SERVERS"] = addresses["kafka"]
    if "redis" in addresses:
        variables["FOOTFALL_REDIS_URL"] = f"redis://{addresses['redis']}/0"
    if "druid_broker" in addresses:
        variables["FOOTFALL_DRUID_BROKER_URL"] = addresses.url("druid_broker")
    if "druid_overlord" in addresses:
        variables["FOOTFALL_DRUID_OVERLORD_URL"] = addresses.url("druid_overlord")
    return variables
