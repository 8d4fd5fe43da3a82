"""The keys that one machine makes itself: a pair that signs and verifies, and a development key that may do everything.

They stay where they were made, readable by their owner alone. Who removes the folder makes all keys invalid that were
signed with it.
"""

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from footfall_core.access.grant import EVERY_PROPERTY, Grant
from footfall_core.access.scopes import ALL
from footfall_core.access.signing_keys import Jwk, new_signing_key, read_signing_key, write_verification_keys
from footfall_core.access.tokens import Signer
from footfall_core.clock import Micros

OWNER_ALONE = 0o600


@dataclass(frozen=True)
class KeyFiles:
    """The files in a folder of keys."""

    folder: Path

    @property
    def signing_key(self) -> Path:
        """The private key, which the admin server signs with."""
        return self.folder / "signing-key.json"

    @property
    def verification_keys(self) -> Path:
        """The public keys, by which servers verify what was signed."""
        return self.folder / "verification-keys.json"

    @property
    def development_key(self) -> Path:
        """The token of a key with every scope for every property."""
        return self.folder / "development-key"

    def read_development_key(self) -> str:
        """Return the development key, or nothing if there is none that can be read."""
        try:
            return self.development_key.read_text().strip()
        except OSError:
            return ""

    def make(self) -> None:
        """Make what is missing, and leave the rest as it is.

        Raises:
            OSError: a file cannot be read or written.
            SigningKeyError: the file of the signing key holds something else.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.signing_key.exists():
            # what an earlier one had signed would be refused
            self.verification_keys.unlink(missing_ok=True)
            self.development_key.unlink(missing_ok=True)
            write_secret(self.signing_key, json.dumps(new_signing_key(secrets.token_bytes(32)), indent=2) + "\n")
        signing_key = read_signing_key(self.signing_key.read_text())
        if not self.verification_keys.exists():
            write_secret(self.verification_keys, write_verification_keys([signing_key]))
        if not self.development_key.exists():
            write_secret(self.development_key, _development_key(signing_key) + "\n")


def write_secret(file: Path, text: str) -> None:
    """Write a file that its owner alone may read; whole, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, OWNER_ALONE)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(file)


def _development_key(signing_key: Jwk) -> str:
    grant = Grant(f"dev-{secrets.token_hex(6)}", EVERY_PROPERTY, ALL, None)
    return Signer(signing_key).token(grant, Micros(time.time_ns() // 1000))
