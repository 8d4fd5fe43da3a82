"""One Kafka node, broker and controller at once (KRaft)."""

import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from footfall_local.class_archives import JavaProgram
from footfall_local.home import Home
from footfall_local.java_log import log4j2
from footfall_local.parts import Addresses, Part, Preparation
from footfall_local.probes import kafka_answers

NAME = "kafka"
LISTENERS = ("kafka", "kafka_controller")

HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")

LARGEST_RECORD = 6 * 1024 * 1024
"""A raw record carries one request of at most 4 MiB and what the rules need beside it."""

LOG_LEVELS = {
    "kafka.server.KafkaRaftServer": "info",
    "org.apache.kafka.coordinator.transaction": "info",
    # it warns about each of the settings that another component reads
    "org.apache.kafka.common.config.AbstractConfig": "error",
}


def kafka_part(home: Home, addresses: Addresses, program: JavaProgram) -> Part:
    """Describe the Kafka node of a stack."""
    folder = home.configuration / NAME
    settings, logging, log = folder / "server.properties", folder / "log4j2.xml", home.data / NAME
    archive = program.archive(NAME)
    options = (*HEAP, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{program.jars}/*")
    # a formatted log keeps its cluster's id, so a random one is right whenever this is needed
    cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    # in one word: one in 64 ids begins with a hyphen, and would be taken for an option
    identity = f"--cluster-id={cluster_id}"
    format_log = (program.java, *options, "kafka.tools.StorageTool", "format", identity, "-c", str(settings))
    return Part(
        name=NAME,
        command=(program.java, *archive.flags, *options, "kafka.Kafka", str(settings)),
        leaves=archive.leaves,
        ready=kafka_answers(addresses["kafka"]),
        files={settings: _properties(addresses, log), logging: log4j2(LOG_LEVELS)},
        folders=(home.data,),
        preparation=Preparation(command=format_log, done_when=log / "meta.properties"),
        drain_s=30.0,
    )


def _properties(addresses: Addresses, log: Path) -> str:
    client, controller = addresses["kafka"], addresses["kafka_controller"]
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{client}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": log,
        "auto.create.topics.enable": "false",
        "message.max.bytes": LARGEST_RECORD,
        # internal topics: one node can't copy, and four partitions start faster than fifty
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        # a consumer group that was away for longer than this would begin the log anew
        "offsets.retention.minutes": 10 * 365 * 24 * 60,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        # a frozen producer's open transaction stops every reader of its partitions: look each second, not each ten
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        "transaction.max.timeout.ms": 60000,
        # members that come and go are noticed quickly
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "group.consumer.min.session.timeout.ms": 6000,
        # topics that keep minutes only are looked at each minute
        "log.retention.check.interval.ms": 60000,
        # one machine: few threads, and buffers that fit the heap (the cleaner takes 128 MiB unless told)
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.recovery.threads.per.data.dir": 2,
        "background.threads": 2,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
