"""What can go wrong with a request, as the domain sees it.

    Problem                 always one sentence for the caller
    ├── InvalidRequest      the same request will always fail; names the fields
    ├── TooLarge            over a size limit; will always fail
    ├── NotComputable       valid, but the data do not allow an answer
    ├── TryAgain            a part is away or full; the same request can succeed later
    ├── OverQuota           the property has used up its quota; the same request can succeed later
    ├── TooSlow             the caller reads too slowly and has to resume
    ├── HistoryGone         what the caller wants to resume from is not kept any more; names what is
    ├── NotFound            there is no such thing, or not any more
    ├── AlreadyExists       there is such a thing already
    ├── WrongState          what it is about does not allow it as it is now
    ├── Conflict            somebody else was first; look again
    ├── Unauthenticated     no key, or none that is valid; says why
    ├── PermissionDenied    the key may not do this; says why
    └── DeadlinePassed      nobody waits for the answer any more

Servers turn them into a gRPC status in one place (`footfall_server.hosts.status`). Nothing else ever reaches a caller.
"""

from dataclasses import dataclass


class Problem(Exception):  # noqa: N818 - the domain's word; not every problem is an error of ours
    """Something that the caller is told about, in one sentence."""

    retry_after_seconds: float | None = None
    """After how long the same request may succeed; None: never, or that is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of a request that is wrong."""

    field: str
    """Path of the field, for example `metrics[1].name`."""
    description: str
    """One sentence: what was wrong, and what is allowed."""


class InvalidRequest(Problem):
    """The request is wrong, and always will be."""

    def __init__(self, *violations: FieldViolation) -> None:
        super().__init__(" ".join(f"{v.field}: {v.description}" if v.field else v.description for v in violations))
        self.violations = violations

    @classmethod
    def of(cls, field: str, description: str) -> "InvalidRequest":
        """Return the problem of a single field; an empty `field` means the request as a whole."""
        return cls(FieldViolation(field, description))


class TooLarge(Problem):
    """The request is over a size limit."""


class NotComputable(Problem):
    """The request is valid, but the data do not allow an answer."""


class TryAgain(Problem):
    """A part of the system is away or full."""

    def __init__(self, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_seconds: float = retry_after_seconds


class OverQuota(Problem):
    """The property has used up its quota for now."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooSlow(Problem):
    """The caller reads its stream too slowly; nothing is buffered without bound."""


class HistoryGone(Problem):
    """The place to resume from is older than what is kept, so that something may have been missed."""

    def __init__(self, message: str, *, earliest_resume_token: str) -> None:
        super().__init__(message)
        self.earliest_resume_token = earliest_resume_token
        """Resumes from the earliest place that is kept."""


class NotFound(Problem):
    """What is asked for does not exist, or not any more."""


class AlreadyExists(Problem):
    """What is to be created is there already."""


class WrongState(Problem):
    """What the request is about does not allow it as it is now."""


class Conflict(Problem):
    """Somebody else has changed what the request is about, after the caller has looked or at the same time."""


class Unauthenticated(Problem):
    """No key was sent, or none that is valid (any more)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """One of `footfall_core.access.refusals.Reason`."""


class PermissionDenied(Problem):
    """The key is valid, and may not do this."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """One of `footfall_core.access.refusals.Reason`."""


class DeadlinePassed(Problem):
    """The caller's deadline is past."""
