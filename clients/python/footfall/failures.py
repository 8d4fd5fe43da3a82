"""How a call can fail for good.

FootfallError                always one sentence
├── RefusedError             the server refused it; the same call will always fail
│   └── HistoryLostError     the errors behind a resume token are no longer all there
├── GivenUpError             retried in vain; what was written may or may not be stored
└── SpoolError               a spool cannot be opened, or cannot take an event
"""


class FootfallError(Exception):
    """A call that failed for good."""

    def __init__(self, code: str, message: str, *, attempts: int = 1) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        """The gRPC status by name, for example `INVALID_ARGUMENT`; `NOT_CONNECTED` if nobody answers at all; `CLOSED`
        if the client or writer was closed before it was sent."""
        self.message = message
        """One sentence."""
        self.attempts = attempts
        """How often it was tried."""


class RefusedError(FootfallError):
    """The server refused the call, and always will."""


class HistoryLostError(RefusedError):
    """A resume token is older than the history that is kept: some errors were missed."""

    def __init__(self, code: str, message: str, earliest_resume_token: str, *, attempts: int = 1) -> None:
        super().__init__(code, message, attempts=attempts)
        self.earliest_resume_token = earliest_resume_token
        """Where the history begins; resumes there."""


class SpoolError(FootfallError):
    """A spool cannot be opened, or cannot take an event. Nothing that it held is lost.

    `code` is `SPOOL_IN_USE`, `SPOOL_FOREIGN` (no spool, or another property's), `SPOOL_NEWER` (written by a newer
    release), or `SPOOL_UNWRITABLE` (the disk is full, read-only or broken).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, attempts=0)


class GivenUpError(FootfallError):
    """Retrying was given up, because the time was up or the client was closed. The outcome is not known."""
