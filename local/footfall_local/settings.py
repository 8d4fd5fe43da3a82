"""What may be set about the local stack. Everything has a default, so that `footfall up` needs no setting at all."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

Port = Annotated[int, Field(ge=1, le=65535)]

PORT_SUFFIX = "_port"

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+[A-Za-z0-9\]]")


def _origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    origins = tuple(origin.strip() for origin in value.split(","))
    for origin in origins:
        if origin != "*" and _ORIGIN.fullmatch(origin) is None:
            raise ValueError(
                f"{origin!r} is no origin; allowed are scheme, host and port as in https://shop.example, or *"
            )
    return origins


@dataclass(frozen=True)
class LocalSettings:
    """Settings of `footfall up`, from variables that start with FOOTFALL_LOCAL_."""

    jars_dir: Path | None = None
    """A folder in which several stacks share Kafka's and Druid's jars. None: the stack's own folder."""
    tls_certificate: Path | None = None
    """The gateway's certificate for TLS, a PEM file; with `tls_key`. None for both: plain text."""
    tls_key: Path | None = None
    """Its private key, a PEM file without a passphrase."""
    cors_origins: Annotated[tuple[str, ...] | None, BeforeValidator(_origins)] = None
    """Whose pages may call the gateway from a browser: origins such as `https://shop.example`, separated by commas, or
    `*` for any. None: pages that this machine itself serves."""
    gateway_port: Port | None = None
    """Envoy's port for gRPC, gRPC-Web and JSON. None here and below: a free port, the last one if it is still free."""
    gateway_admin_port: Port | None = None
    """Envoy's administration interface."""
    kafka_port: Port | None = None
    """Kafka's listener for clients."""
    kafka_controller_port: Port | None = None
    """Kafka's listener for its own controller."""
    redis_port: Port | None = None
    """Redis."""
    zookeeper_port: Port | None = None
    """ZooKeeper, which Druid needs."""
    druid_overlord_port: Port | None = None
    """Druid's coordinator and overlord, one process."""
    druid_metadata_port: Port | None = None
    """Druid's metadata database (Derby), inside the coordinator's process."""
    druid_broker_port: Port | None = None
    """Druid's broker, which answers queries."""
    druid_historical_port: Port | None = None
    """Druid's historical, which serves published segments."""
    druid_indexer_port: Port | None = None
    """Druid's indexer, which reads Kafka."""
    ingest_1_port: Port | None = None
    """gRPC of the first ingest server."""
    ingest_2_port: Port | None = None
    """gRPC of the second ingest server."""
    query_1_port: Port | None = None
    """gRPC of the query server."""
    errors_1_port: Port | None = None
    """gRPC of the first error server."""
    errors_2_port: Port | None = None
    """gRPC of the second error server."""
    events_1_health_port: Port | None = None
    """Health and telemetry of the event consumer, over HTTP."""
    imports_1_health_port: Port | None = None
    """Health and telemetry of the consumer of imports, over HTTP."""
    runs_1_health_port: Port | None = None
    """Health and telemetry of what has reprocessings worked on, over HTTP."""
    queries_1_health_port: Port | None = None
    """Health and telemetry of the query consumer, over HTTP."""
    ingest_1_health_port: Port | None = None
    """Health and telemetry of the first ingest server, over HTTP."""
    ingest_2_health_port: Port | None = None
    """Health and telemetry of the second ingest server, over HTTP."""
    query_1_health_port: Port | None = None
    """Health and telemetry of the query server, over HTTP."""
    errors_1_health_port: Port | None = None
    """Health and telemetry of the first error server, over HTTP."""
    errors_2_health_port: Port | None = None
    """Health and telemetry of the second error server, over HTTP."""

    def ports(self) -> dict[str, int]:
        """Return the ports that are set, by what listens on them."""
        values = dataclasses.asdict(self)
        return {
            name.removesuffix(PORT_SUFFIX): port
            for name, port in values.items()
            if name.endswith(PORT_SUFFIX) and port is not None
        }


def variable_of(listener: str) -> str:
    """Return the environment variable that sets a listener's port."""
    return f"FOOTFALL_LOCAL_{listener.upper()}{PORT_SUFFIX.upper()}"
