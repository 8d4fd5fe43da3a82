"""The processing versions that this code knows: rules side by side, so that an installation can have two at work.

A version stands for the rules by which a raw record becomes rows, and its name is on every row. A rule that is to
change what rows say is not changed in place: the new one gets a version here, and the old one stays as long as somebody
may still process by it. What versions have in common, such as the window of writers, has no place here: two of them
must agree on what counts, since each serves some of the hours.

Not part of a version, but of the installation: the data base of addresses, and the lists that packages ship.
"""

from dataclasses import dataclass, field

from footfall_core.enrichment.traffic import Attribution


class UnknownVersionError(ValueError):
    """This code does not know a version; the message names those that it knows."""


@dataclass(frozen=True, slots=True)
class Version:
    """The rules of one version, where versions differ."""

    name: str
    """Stands on every row and in every error; letters, digits, dots."""
    attribution: Attribution = field(default_factory=Attribution)
    """Where visits came from."""


VERSIONS: dict[str, Version] = {"1": Version("1")}
"""All that are known, by name, the newest last."""


def newest() -> Version:
    """Return the newest version, by which is processed unless another one is named."""
    return next(reversed(VERSIONS.values()))


def version_of(name: str) -> Version:
    """Return a version by its name; an empty one is the newest's.

    Raises:
        UnknownVersionError: this code does not know it.
    """
    if not name:
        return newest()
    if name not in VERSIONS:
        raise UnknownVersionError(f"{name[:40]!r} is not a processing version of this code: {', '.join(VERSIONS)}.")
    return VERSIONS[name]
