"""Files of signing keys: what signs tokens, what verifies them, and a first pair for one machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt

from footfall_adapters.environment import SettingsError
from footfall_core.access.signing_keys import (
    Jwk,
    SigningKeyError,
    read_signing_key,
    read_verification_keys,
)


@dataclass(frozen=True)
class AccessSettings:
    """Whose keys a server takes."""

    verification_keys: Path
    """A file with the public keys that verify tokens, a JWKS, as `footfall signing-key` makes it. Several while signing
    keys change: docs/keys.md. It is read at the start."""


def signing_key_of(file: Path, variable: str) -> Jwk:
    """Return the private key in a file.

    Raises:
        SettingsError: it cannot be read, or holds none; names the variable that named it.
    """
    try:
        return read_signing_key(_text(file, variable))
    except SigningKeyError as error:
        raise SettingsError(f"{variable}: {file}: {error}.") from None


def verification_keys_of(file: Path, variable: str) -> Mapping[str, jwt.PyJWK]:
    """Return the public keys in a file by name.

    Raises:
        SettingsError: it cannot be read, or holds none; names the variable that named it.
    """
    try:
        return read_verification_keys(_text(file, variable))
    except SigningKeyError as error:
        raise SettingsError(f"{variable}: {file}: {error}.") from None


def _text(file: Path, variable: str) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "it is not text").lower()
        raise SettingsError(f"{variable}: {file}: {reason}.") from None
