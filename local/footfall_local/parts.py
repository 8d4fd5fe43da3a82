"""What the supervisor knows of a part: how it is started, when it is ready, what it needs first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from footfall_local.ports import LOOPBACK
from footfall_local.probes import Probe, always


@dataclass(frozen=True)
class Preparation:
    """A command that runs once before a part's first start."""

    command: tuple[str, ...]
    done_when: Path
    """The command is skipped if this exists."""


@dataclass(frozen=True)
class Part:
    """One process of the stack."""

    name: str
    command: tuple[str, ...]
    ready: Probe = always
    needs: tuple[str, ...] = ()
    """Parts that must be ready before this one is started the first time; those not in the stack don't count."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of whoever started the stack."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """Configuration, written before each start of the stack."""
    folders: tuple[Path, ...] = ()
    """Made before each start of the stack."""
    preparation: Preparation | None = None
    leaves: Mapping[Path, Path] = field(default_factory=dict)
    """Files that it writes as it ends by itself, and where they are moved when it has."""
    once: bool = False
    """A step that ends with 0 when its work is done, instead of a process that stays."""
    drain_s: float = 15.0
    """How long it may take to end after SIGTERM, before it is killed."""


@dataclass(frozen=True)
class Addresses:
    """Where the listeners of a stack are."""

    ports: Mapping[str, int]

    def __getitem__(self, listener: str) -> str:
        """Return the `host:port` of a listener."""
        return f"{LOOPBACK}:{self.ports[listener]}"

    def __contains__(self, listener: object) -> bool:
        return listener in self.ports

    def url(self, listener: str) -> str:
        """Return the http address of a listener."""
        return f"http://{self[listener]}"
