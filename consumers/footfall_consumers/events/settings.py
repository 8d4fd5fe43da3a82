"""Which processing is at work."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from footfall_core.processing.versions import Version, version_of


def _known(name: str) -> str:
    version_of(name)
    return name


@dataclass(frozen=True)
class ProcessingSettings:
    """Which processing is at work."""

    version: Annotated[str, AfterValidator(_known)] = ""
    """Processing version of what comes, stamped on every row. Empty: the newest that this code knows. To go on with an
    older one while a reprocessing makes rows of the newest, name it here."""

    def rules(self) -> Version:
        """Return the version."""
        return version_of(self.version)
