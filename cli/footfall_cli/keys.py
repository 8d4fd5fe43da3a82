"""`footfall keys`: create, list and revoke what opens properties."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.table import Table

from footfall.v1.admin_pb2 import CreateKeyRequest, Key, KeyScope, KeyState, ListKeysRequest, RevokeKeyRequest
from footfall_cli.administration import administration, fields_of, pages, shown_time, word
from footfall_cli.administration import show as show_table
from footfall_cli.endpoint import development_key
from footfall_cli.options import Instant, PropertyId, endpoint_option, json_option
from footfall_cli.terminal import EXIT_UNREACHABLE, Failure, plain, say
from footfall_core.access.grant import EVERY_PROPERTY, key_name
from footfall_core.access.scopes import Scope, number_of

COLUMNS = ("key", "name", "scopes", "state", "expires", "created")


@click.group()
def keys() -> None:
    """Create, list and revoke keys. It takes a key with the scope admin."""


def _whose(command: Any) -> Any:
    """Add the options that say whose keys."""
    command = click.option("--operator", is_flag=True, help="An operator's, which opens all properties.")(command)
    option = click.option("--property", "property_id", type=PropertyId(), metavar="ID", help="The property.")
    return option(command)


@keys.command()
@_whose
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; may be repeated. A key for a page has write alone.",
)
@click.option("--name", "display_name", default="", metavar="NAME", help="What people call it.")
@click.option("--days", type=click.FloatRange(0, min_open=True), metavar="N", help="Refuse it after so many days.")
@click.option("--expires", type=Instant(), metavar="TIME", help="Refuse it from then on. Default: never.")
@json_option
@endpoint_option
def create(
    *,
    property_id: str | None,
    operator: bool,
    scopes: tuple[str, ...],
    display_name: str,
    days: float | None,
    expires: datetime | None,
    as_json: bool,
    endpoint: str | None,
) -> None:
    """Create a key. It is written to stdout, once: nobody can be told it again."""
    if days is not None and expires is not None:
        raise click.UsageError("--days stands in the place of --expires; give one or the other.")
    if days is not None:
        expires = datetime.now(UTC) + timedelta(days=days)
    key = Key(display_name=display_name)
    key.scopes.extend(number_of(Scope(scope)) for scope in scopes)  # type: ignore[misc]  # by number
    if expires is not None:
        key.expire_time.FromDatetime(expires)
    with administration(endpoint) as ask:
        made = ask("CreateKey", CreateKeyRequest(parent=_parent(property_id, operator=operator), key=key))
    if as_json:
        click.echo(json.dumps(fields_of(made), indent=2))
        return
    until = shown_time(made.key, "expire_time")
    say(f"{made.key.name} may {_scopes(made.key)}{f' until {until}' if until else ''}; keep it, it is not shown again.")
    click.echo(made.token)


@keys.command("list")
@_whose
@json_option
@endpoint_option
def list_all(*, property_id: str | None, operator: bool, as_json: bool, endpoint: str | None) -> None:
    """List the keys of a property, the newest first."""
    request = ListKeysRequest(parent=_parent(property_id, operator=operator))
    with administration(endpoint) as ask:
        found = list(pages(ask, "ListKeys", request, "keys"))
    if as_json:
        click.echo(json.dumps([fields_of(key) for key in found], indent=2))
    else:
        _show(found)


@keys.command()
@click.argument("key_id", metavar="KEY_ID")
@_whose
@json_option
@endpoint_option
def revoke(key_id: str, *, property_id: str | None, operator: bool, as_json: bool, endpoint: str | None) -> None:
    """Revoke a key for good, by its id as footfall keys list shows it."""
    name = f"{_parent(property_id, operator=operator)}/keys/{key_id.rpartition('/')[2]}"
    with administration(endpoint) as ask:
        revoked = ask("RevokeKey", RevokeKeyRequest(name=name))
    if as_json:
        click.echo(json.dumps(fields_of(revoked), indent=2))
    else:
        click.echo(f"{revoked.name} is revoked since {shown_time(revoked, 'revoke_time')}.")


@keys.command()
def development() -> None:
    """Print the development key of what runs on this machine: it may do everything, on this machine alone."""
    key = development_key()
    if not key:
        raise Failure("no Footfall runs on this machine; footfall serve --embedded starts one.", EXIT_UNREACHABLE)
    click.echo(key)


def _parent(property_id: str | None, *, operator: bool) -> str:
    if (property_id is None) != operator:
        raise click.UsageError("say whose: --property ID, or --operator.")
    return key_name(property_id or EVERY_PROPERTY, "").removesuffix("/keys/")


def _scopes(key: Key) -> str:
    return ", ".join(word(KeyScope, scope) for scope in key.scopes)


def _show(found: list[Key]) -> None:
    if not found:
        click.echo("There are no keys; footfall keys create makes one.")
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for key in found:
        table.add_row(
            key.name.rpartition("/")[2],
            plain(key.display_name),
            _scopes(key),
            word(KeyState, key.state),
            shown_time(key, "expire_time") or "never",
            shown_time(key, "create_time"),
        )
    show_table(table)
