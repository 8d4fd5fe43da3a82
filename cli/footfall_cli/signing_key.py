"""`footfall signing-key`: makes what keys are signed with."""

import json
import secrets
from pathlib import Path

import click

from footfall_cli.terminal import EXIT_WRONG_USE, Failure
from footfall_core.access.signing_keys import (
    SigningKeyError,
    new_signing_key,
    public_half,
    read_verification_keys,
    write_verification_keys,
)
from footfall_local.key_files import write_secret


@click.command("signing-key")
@click.option(
    "--private",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File for the private half, which must not exist yet: for the admin server alone.",
)
@click.option(
    "--public",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File of the public halves, for all servers; it is made, or the new one is added.",
)
def signing_key(private: Path, public: Path) -> None:
    """Make a new signing key. docs/keys.md says step by step how it takes the place of another one."""
    if private.exists():
        raise Failure(f"{private} exists already; a signing key is never overwritten.", EXIT_WRONG_USE)
    key = new_signing_key(secrets.token_bytes(32))
    try:
        known = _known(public)
        write_secret(private, json.dumps(key, indent=2) + "\n")
        write_secret(public, write_verification_keys([*known, public_half(key)]))
    except OSError as error:
        raise Failure(f"{error.filename}: {(error.strerror or str(error)).lower()}.", EXIT_WRONG_USE) from None
    click.echo(f"signing key {key['kid']}: {private} signs; {public} verifies, together with {len(known)} others.")


def _known(public: Path) -> list[dict[str, str]]:
    """Return the public halves that are there already."""
    if not public.exists():
        return []
    try:
        text = public.read_text()
        read_verification_keys(text)
    except (SigningKeyError, UnicodeDecodeError) as error:
        raise Failure(f"{public}: {error}.", EXIT_WRONG_USE) from None
    known: list[dict[str, str]] = json.loads(text)["keys"]
    return known
