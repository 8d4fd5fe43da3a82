"""The gate of a process whose servers take keys."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from footfall_adapters.access_files import AccessSettings, verification_keys_of
from footfall_adapters.environment import read_settings
from footfall_adapters.kafka.access import KafkaAccess
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.access.tokens import Verifier
from footfall_core.clock import SystemClock
from footfall_server.hosts.keyed import KeyedGate


async def gate(stack: AsyncExitStack, variables: Mapping[str, str]) -> KeyedGate:
    """Read who may call what, and follow it until the stack ends; returns when all that was stored by now is known.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    kafka, settings = read_settings(variables, KafkaSettings, AccessSettings)
    verifier = Verifier(verification_keys_of(settings.verification_keys, "FOOTFALL_ACCESS_VERIFICATION_KEYS"))
    access = await stack.enter_async_context(KafkaAccess(kafka))
    return KeyedGate(verifier, access, SystemClock())
