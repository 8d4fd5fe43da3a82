"""Druid and the ZooKeeper that it needs, each role a process, as small as they run well."""

from collections.abc import Mapping
from dataclasses import dataclass

from footfall_local.class_archives import JavaProgram
from footfall_local.druid_properties import druid_properties, property_lines
from footfall_local.home import Home
from footfall_local.java_log import log4j2
from footfall_local.parts import Addresses, Part
from footfall_local.ports import LOOPBACK
from footfall_local.probes import http_ok, line_answered

LOG_LEVELS = {
    "org.apache.druid.cli": "info",
    "org.apache.druid.indexing.kafka.supervisor": "info",
    # one line a second and metric, and nothing reads them
    "org.apache.druid.java.util.metrics": "error",
    "org.apache.druid.java.util.emitter": "error",
}

# What Druid's own launch script opens to it since Java 17.
OPENED = (
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
)


COORDINATOR = "druid-coordinator"
"""It holds the metadata database too, so no other role can do without it."""


@dataclass(frozen=True)
class Role:
    """One kind of Druid process."""

    name: str
    command: str
    """What Druid calls it."""
    listener: str
    ready_path: str
    heap: tuple[str, ...]
    direct_memory: str


ROLES = (
    Role(
        name=COORDINATOR,
        command="coordinator",
        listener="druid_overlord",
        # answers 200 on the leader only, and nothing can be submitted before there is one
        ready_path="/druid/indexer/v1/isLeader",
        heap=("-Xms192m", "-Xmx384m"),
        direct_memory="64m",
    ),
    Role(
        name="druid-broker",
        command="broker",
        listener="druid_broker",
        ready_path="/druid/broker/v1/readiness",
        heap=("-Xms192m", "-Xmx384m"),
        direct_memory="320m",
    ),
    Role(
        name="druid-historical",
        command="historical",
        listener="druid_historical",
        ready_path="/druid/historical/v1/readiness",
        heap=("-Xms192m", "-Xmx384m"),
        direct_memory="320m",
    ),
    Role(
        name="druid-indexer",
        command="indexer",
        listener="druid_indexer",
        ready_path="/druid/worker/v1/enabled",
        heap=("-Xms256m", "-Xmx1280m"),
        direct_memory="320m",
    ),
)

ZOOKEEPER = "zookeeper"
NAMES = (ZOOKEEPER, *(role.name for role in ROLES))
LISTENERS: Mapping[str, tuple[str, ...]] = {
    ZOOKEEPER: ("zookeeper",),
    **{role.name: (role.listener,) for role in ROLES},
    COORDINATOR: ("druid_overlord", "druid_metadata"),
}


def zookeeper_part(home: Home, addresses: Addresses, program: JavaProgram) -> Part:
    """Describe the ZooKeeper of a stack."""
    archive = program.archive(ZOOKEEPER)
    port, data = addresses.ports["zookeeper"], home.data / ZOOKEEPER
    settings, logging = (
        home.configuration / ZOOKEEPER / "zoo.cfg",
        home.configuration / ZOOKEEPER / "log4j2.xml",
    )
    properties = {
        "dataDir": data,
        "clientPort": port,
        "clientPortAddress": LOOPBACK,
        "tickTime": 1000,
        "maxClientCnxns": 100,
        "admin.enableServer": "false",
        "4lw.commands.whitelist": "ruok",
        "autopurge.purgeInterval": 1,
    }
    command = (
        program.java,
        *archive.flags,
        "-Xmx64m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dlog4j2.configurationFile={logging}",
    )
    return Part(
        name=ZOOKEEPER,
        command=(
            *command,
            "-cp",
            f"{program.jars}/*",
            "org.apache.zookeeper.server.ZooKeeperServerMain",
            str(settings),
        ),
        ready=line_answered(LOOPBACK, port, b"ruok", b"imok"),
        files={settings: property_lines(properties), logging: log4j2({})},
        folders=(data,),
        leaves=archive.leaves,
        drain_s=10.0,
    )


def druid_parts(home: Home, addresses: Addresses, program: JavaProgram) -> list[Part]:
    """Describe the Druid of a stack: every role is started at once, as soon as ZooKeeper answers."""
    roles = [role for role in ROLES if role.listener in addresses]
    return [_role_part(role, home, addresses, program) for role in roles]


def _role_part(role: Role, home: Home, addresses: Addresses, program: JavaProgram) -> Part:
    archive = program.archive(role.name)
    folder = home.configuration / role.name
    settings, logging, scratch = (
        folder / "runtime.properties",
        folder / "log4j2.xml",
        home.scratch / role.name,
    )
    metadata = home.data / "druid" / "metadata"
    command = (
        program.java,
        *archive.flags,
        *role.heap,
        f"-XX:MaxDirectMemorySize={role.direct_memory}",
        "-XX:+ExitOnOutOfMemoryError",
        *OPENED,
        "-Duser.timezone=UTC",
        "-Dfile.encoding=UTF-8",
        f"-Djava.io.tmpdir={scratch}",
        f"-Dderby.system.home={metadata}",
        f"-Dderby.stream.error.file={home.logs / 'derby.log'}",
        "-Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager",
        f"-Dlog4j2.configurationFile={logging}",
        f"-Ddruid.properties.file={settings}",
        *("-cp", f"{program.jars}/*", "org.apache.druid.cli.Main", "server", role.command),
    )
    properties = druid_properties(home, addresses, command=role.command, listener=role.listener)
    return Part(
        name=role.name,
        command=command,
        ready=http_ok(addresses.url(role.listener) + role.ready_path),
        needs=(ZOOKEEPER,),
        leaves=archive.leaves,
        files={settings: property_lines(properties), logging: log4j2(LOG_LEVELS)},
        folders=(scratch, metadata, home.data / "druid" / "segments"),
        drain_s=30.0,
    )
