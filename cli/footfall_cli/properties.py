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
    PropertyState,
    UpdatePropertyRequest,
)
from footfall_cli.administration import administration, fields_of, pages, shown_time, word
from footfall_cli.administration import show as show_table
from footfall_cli.options import PropertyId, endpoint_option, json_option
from footfall_cli.terminal import plain
from footfall_core.properties import property_name

COLUMNS = ("property", "name", "time zone", "currency", "hosts", "state", "created")


@click.group()
def properties() -> None:
    """Create, show and change properties. It takes a key with the scope admin."""


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
    given = Property(**{field: value for field, value in settings.items() if value})
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
    changed = {field: value for field, value in settings.items() if value is not None and value != ()}
    if any_host:
        if "allowed_hosts" in changed:
            raise click.UsageError("--any-host stands in the place of --host; give one or the other.")
        changed["allowed_hosts"] = ()
    if state is not None:
        suspends = state == "suspend"
        changed["state"] = PropertyState.PROPERTY_STATE_SUSPENDED if suspends else PropertyState.PROPERTY_STATE_ACTIVE
    if not changed:
        raise click.UsageError("say what to change: --name, --timezone, --currency, --host, --suspend, --resume.")
    request = UpdatePropertyRequest(
        property=Property(name=property_name(property_id), **changed), update_mask=FieldMask(paths=list(changed))
    )
    with administration(endpoint) as ask:
        found = ask("UpdateProperty", request)
    _show([found], as_json=as_json)


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
            shown_time(each, "create_time"),
        )
    show_table(table)
