"""Options that several commands share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from footfall.names import all_codes, all_stages
from footfall_cli.endpoint import KEY_OPTION
from footfall_core.properties import PREFIX, PROPERTY_ID

F = TypeVar("F", bound=Callable[..., Any])

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class PropertyId(click.ParamType[str]):
    """The id of a property."""

    name = "property"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, with or without `properties/` before it."""
        property_id = value.removeprefix(PREFIX)
        if not PROPERTY_ID.fullmatch(property_id):
            self.fail(
                f"{value!r} is not a property; allowed are 1 to 63 lower-case letters, digits and hyphens, "
                "not beginning with a hyphen.",
                param,
                ctx,
            )
        return property_id


class Instant(click.ParamType[datetime]):
    """An instant: ISO 8601, or how long ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant; a time without a zone is UTC."""
        if isinstance(value, datetime):
            return value
        try:
            if ago := _AGO.fullmatch(value):
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            instant = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is not a time; write 2026-03-29T12:00:00Z, or 15m, 2h, 1d for how long ago.", param, ctx
            )
        return instant if instant.utcoffset() is not None else instant.replace(tzinfo=UTC)


def property_option(command: F) -> F:
    """Add `--property`."""
    option = click.option(
        "--property", "property_id", type=PropertyId(), required=True, metavar="ID", help="The property."
    )
    return option(command)


def filter_options(command: F) -> F:
    """Add what says which errors: `--stage`, `--code` and `--writer`."""
    command = click.option("--writer", "writer_id", default="", metavar="ID", help="Only of this writer.")(command)
    for name, known, what in (("code", all_codes(), "kind"), ("stage", all_stages(), "stage")):
        names = click.Choice(known, case_sensitive=False)
        text = f"Only of this {what}; may be repeated."
        command = click.option(f"--{name}", f"{name}s", multiple=True, type=names, help=text)(command)
    return command


def endpoint_option(command: F) -> F:
    """Add `--endpoint`, and `--key`, which `footfall_cli.endpoint.find_key` finds by itself."""

    def keep(context: click.Context, _: click.Parameter, key: str | None) -> None:
        context.meta[KEY_OPTION] = key

    command = click.option(
        "--key",
        callback=keep,
        expose_value=False,
        metavar="KEY",
        help="What opens it; others on this machine can read it while the command runs. Default: FOOTFALL_KEY, else "
        "the development key of this machine's stack.",
    )(command)
    option = click.option(
        "--endpoint",
        metavar="HOST:PORT",
        help="Where Footfall is; https://HOST:PORT for TLS. Default: FOOTFALL_ENDPOINT, else this machine's stack.",
    )
    return option(command)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout, and nothing else.")(command)
