"""The admin server: properties and keys."""

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.access_files import signing_key_of
from footfall_adapters.environment import read_settings
from footfall_adapters.kafka.access import KafkaRegistry
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.access.ports import Access
from footfall_core.access.tokens import Signer
from footfall_core.clock import SystemClock
from footfall_server.admin.routes import admin_routes
from footfall_server.admin.settings import AdminServerSettings
from footfall_server.hosts.call import Route


async def routes(stack: AsyncExitStack, variables: Mapping[str, str], _: Access) -> list[Route]:
    """Start what the admin server needs, in order, and return what it serves; the stack ends it in reverse.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    kafka, settings = read_settings(variables, KafkaSettings, AdminServerSettings)
    signer = Signer(signing_key_of(settings.signing_key, "FOOTFALL_ADMIN_SERVER_SIGNING_KEY"))
    registry = await stack.enter_async_context(KafkaRegistry(kafka))
    return admin_routes(registry, signer, SystemClock(), new_key_id)


def new_key_id() -> str:
    """Return 16 hexadecimal digits at random."""
    return secrets.token_hex(8)
