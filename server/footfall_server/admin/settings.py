"""What the admin server signs with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AdminServerSettings:
    """What the admin server signs with."""

    signing_key: Path
    """A file with the private key that signs tokens, as `footfall signing-key` makes it; no other server has it. Its
    public half must be among `FOOTFALL_ACCESS_VERIFICATION_KEYS` of all servers, or nobody takes what it signs."""
    group: str = "event-consumers"
    """Consumer group of the live run's event consumers (their `FOOTFALL_STREAM_GROUP`), whose lag is shown."""
