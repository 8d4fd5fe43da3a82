"""The admin server: properties, keys and reprocessing."""

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.access_files import signing_key_of
from footfall_adapters.environment import InstanceSettings, read_settings
from footfall_adapters.kafka.access import KafkaRegistry
from footfall_adapters.kafka.log_lag import KafkaLog
from footfall_adapters.kafka.query_bus import QueryBusSettings
from footfall_adapters.kafka.query_server import open_query_bus
from footfall_adapters.kafka.runs import KafkaRunStore
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.access.ports import Access
from footfall_core.access.tokens import Signer
from footfall_core.clock import SystemClock
from footfall_core.kinds import EventKind
from footfall_core.processing.versions import VERSIONS
from footfall_server.admin.reprocessing import reprocessing_routes
from footfall_server.admin.routes import admin_routes
from footfall_server.admin.settings import AdminServerSettings
from footfall_server.hosts.call import Route


async def routes(stack: AsyncExitStack, variables: Mapping[str, str], _: Access) -> list[Route]:
    """Start what the admin server needs, in order, and return what it serves; the stack ends it in reverse.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    instance, kafka, bus_settings, settings = read_settings(
        variables, InstanceSettings, KafkaSettings, QueryBusSettings, AdminServerSettings
    )
    clock = SystemClock()
    signer = Signer(signing_key_of(settings.signing_key, "FOOTFALL_ADMIN_SERVER_SIGNING_KEY"))
    registry = await stack.enter_async_context(KafkaRegistry(kafka))
    runs = await stack.enter_async_context(KafkaRunStore(kafka, clock))
    bus = await stack.enter_async_context(open_query_bus(kafka, bus_settings, instance.name, clock))
    groups = {EventKind.LIVE: settings.group, EventKind.IMPORT: f"{settings.group}-imports"}
    log = KafkaLog(kafka, groups, clock)
    return [
        *admin_routes(registry, signer, clock, new_key_id),
        *reprocessing_routes(runs, bus, log, tuple(VERSIONS), clock),
    ]


def new_key_id() -> str:
    """Return 16 hexadecimal digits at random."""
    return secrets.token_hex(8)
