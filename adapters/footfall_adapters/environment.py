"""The one place that reads the environment.

Each component states its settings as a frozen dataclass with a line under each field. The class name gives the
prefix: field `bootstrap_servers` of `KafkaSettings` is `FOOTFALL_KAFKA_BOOTSTRAP_SERVERS`.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

S = TypeVar("S")


class SettingsError(Exception):
    """Some settings are missing or wrong; the message has one line for each."""


def prefix_of(settings: type[Any]) -> str:
    """Return the prefix of a settings class's variables, for example `FOOTFALL_KAFKA_`."""
    words = re.findall(r"[A-Z][a-z0-9]*", settings.__name__.removesuffix("Settings"))
    return "_".join(["FOOTFALL", *(word.upper() for word in words), ""])


class Environment:
    """Reads settings and collects every mistake, so that all are reported at once."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._mistakes: list[str] = []

    def read(self, settings: type[S]) -> S | None:
        """Return the settings of one component, or None if some are wrong (`check` then says which)."""
        prefix = prefix_of(settings)
        names = {field.name: prefix + field.name.upper() for field in dataclasses.fields(settings)}  # type: ignore[arg-type]
        given = {field: self._variables[name] for field, name in names.items() if name in self._variables}
        try:
            return TypeAdapter(settings).validate_python(given)
        except ValidationError as error:
            # the value itself is not repeated: it may be a secret
            self._mistakes += [f"{names.get(str(e['loc'][0]), prefix)}: {e['msg']}" for e in error.errors()]
            return None

    def check(self) -> None:
        """Raise `SettingsError` if any setting read so far was wrong."""
        if self._mistakes:
            raise SettingsError("\n".join(self._mistakes))


def read_settings(variables: Mapping[str, str], *classes: type[Any]) -> tuple[Any, ...]:
    """Return the settings of several components, in the order asked for.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    environment = Environment(variables)
    settings = tuple(environment.read(cls) for cls in classes)
    environment.check()
    return settings


@dataclasses.dataclass(frozen=True)
class InstanceSettings:
    """Which instance of its kind a process is."""

    name: str
    """A stable name, unique among all processes of the system: it stays the same over restarts, because Kafka's
    transactional ids and memberships are made of it."""
