"""`footfall properties`: create, show and change merchants' data sets."""

import json
from typing import Any

import click
from google.protobuf.field_mask_pb2 import FieldMask
from rich.table import Table

from footfall.v1.admin_pb2 import (
    CreatePropertyRequest,
    GetPropertyRequest,
    ListPropertiesRequest,
    Property,
    PropertyQuota,
    PropertyState,
    UpdatePropertyRequest,
)
from footfall_cli.administration import administration, fields_of, pages, shown_time, word
from footfall_cli.administration import show as show_table
from footfall_cli.options import PropertyId, endpoint_option, json_option
from footfall_cli.terminal import plain
from footfall_core.properties import property_name

COLUMNS = ("property", "name", "time zone", "currency", "hosts", "state", "quota", "created")


@click.group()
def properties() -> None:
    """Create, show and change properties. It takes a key with the scope admin."""


DEFAULT = "default"
"""In the place of a number: what every property may."""

_FITS = range(-(2**31), 2**31)


class Share(click.ParamType[float | str]):
    """A part of a quota of a property's own: a number, or what every property has."""

    name = "number"

    def __init__(self, number: type[int] | type[float]) -> None:
        self._number = number

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the number, or `DEFAULT`."""
        if value == DEFAULT:
            return DEFAULT
        try:
            number = self._number(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither a {'whole ' if self._number is int else ''}number nor {DEFAULT}.", param, ctx
            )
        if self._number is int and not _FITS.start <= number < _FITS.stop:
            self.fail(f"{value} is out of range.", param, ctx)
        return number


def _share(name: str, what: str, number: type[int] | type[float] = float, zero: str = " 0 is no limit;") -> Any:
    option_help = f"Its own quota: {what}.{zero} {DEFAULT}: as every property."
    return click.option(f"--{name}", type=Share(number), metavar="N", help=option_help)


def _settings(command: Any) -> Any:
    """Add the options that say what a property is."""
    for option in reversed(
        (
            click.option("--name", "display_name", metavar="NAME", help="What people call it."),
            click.option("--timezone", "time_zone", metavar="ZONE", help="Of its reports, for example Europe/Berlin."),
            click.option("--currency", "currency_code", metavar="EUR", help="The currency that its owner thinks in."),
            click.option(
                "--host",
                "allowed_hosts",
                multiple=True,
                metavar="HOST",
                help="A host whose pages may call, as shop.example or *.shop.example; may be repeated.",
            ),
            _share("events-per-second", "events a second"),
            _share("bytes-per-second", "bytes of batches a second"),
            _share("reports-per-second", "reports a second"),
            _share("concurrent-reports", "reports under way on one server", int),
            _share("burst-seconds", "how many seconds' worth may be used at once", zero=""),
        )
    ):
        command = option(command)
    return command


@properties.command()
@click.argument("property_id", type=PropertyId(), metavar="ID")
@_settings
@json_option
@endpoint_option
def create(property_id: str, *, as_json: bool, endpoint: str | None, **settings: Any) -> None:
    """Create a property. Without options: UTC, no currency, pages of any host."""
    quota, _ = _quota(settings)
    given = Property(quota=quota, **{field: value for field, value in settings.items() if value})
    with administration(endpoint) as ask:
        found = ask("CreateProperty", CreatePropertyRequest(property_id=property_id, property=given))
    _show([found], as_json=as_json)


@properties.command("list")
@json_option
@endpoint_option
def list_all(*, as_json: bool, endpoint: str | None) -> None:
    """List all properties."""
    with administration(endpoint) as ask:
        found = list(pages(ask, "ListProperties", ListPropertiesRequest(), "properties"))
    _show(found, as_json=as_json, several=True)


@properties.command()
@click.argument("property_id", type=PropertyId(), metavar="ID")
@json_option
@endpoint_option
def show(property_id: str, *, as_json: bool, endpoint: str | None) -> None:
    """Show a property."""
    with administration(endpoint) as ask:
        found = ask("GetProperty", GetPropertyRequest(name=property_name(property_id)))
    _show([found], as_json=as_json)


@properties.command()
@click.argument("property_id", type=PropertyId(), metavar="ID")
@_settings
@click.option("--any-host", is_flag=True, help="Let pages of any host call.")
@click.option("--suspend", "state", flag_value="suspend", help="Refuse its events and reports; its data stay.")
@click.option("--resume", "state", flag_value="resume", help="Take its events and reports again.")
@json_option
@endpoint_option
def update(
    property_id: str, *, any_host: bool, state: str | None, as_json: bool, endpoint: str | None, **settings: Any
) -> None:
    """Change what is named, and leave the rest as it is; an empty text empties a field."""
    quota, shares = _quota(settings)
    changed = {field: value for field, value in settings.items() if value is not None and value != ()}
    if any_host:
        if "allowed_hosts" in changed:
            raise click.UsageError("--any-host stands in the place of --host; give one or the other.")
        changed["allowed_hosts"] = ()
    if state is not None:
        suspends = state == "suspend"
        changed["state"] = PropertyState.PROPERTY_STATE_SUSPENDED if suspends else PropertyState.PROPERTY_STATE_ACTIVE
    if not changed and not shares:
        raise click.UsageError(
            "say what to change: --name, --timezone, --currency, --host, --suspend, --resume, or a part of its quota, "
            "such as --events-per-second."
        )
    request = UpdatePropertyRequest(
        property=Property(name=property_name(property_id), quota=quota, **changed),
        update_mask=FieldMask(paths=[*changed, *(f"quota.{share}" for share in shares)]),
    )
    with administration(endpoint) as ask:
        found = ask("UpdateProperty", request)
    _show([found], as_json=as_json)


def _quota(settings: dict[str, Any]) -> tuple[PropertyQuota, list[str]]:
    """Take the quota's options out of those of a property; return what they say, and which of them were given."""
    given = {share: settings.pop(share) for share in PropertyQuota.DESCRIPTOR.fields_by_name}
    shares = [share for share, value in given.items() if value is not None]
    quota = PropertyQuota(**{share: given[share] for share in shares if given[share] != DEFAULT})
    return quota, shares


def _shown_quota(quota: PropertyQuota) -> str:
    """Return a quota as people read it: what is set of it, of which 0 is no limit."""
    return ", ".join(
        f"{value:,.10g} {field.name.replace('_per_second', '/s').replace('_', ' ')}"
        for field, value in quota.ListFields()
    )


def _show(found: list[Property], *, as_json: bool, several: bool = False) -> None:
    if as_json:
        shown = [fields_of(each) for each in found]
        click.echo(json.dumps(shown if several else shown[0], indent=2))
        return
    if not found:
        click.echo("There are no properties; footfall properties create makes one.")
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for each in found:
        table.add_row(
            each.name.removeprefix("properties/"),
            plain(each.display_name),
            each.time_zone,
            each.currency_code,
            ", ".join(each.allowed_hosts) or "any",
            word(PropertyState, each.state),
            _shown_quota(each.quota) or DEFAULT,
            shown_time(each, "create_time"),
        )
    show_table(table)
