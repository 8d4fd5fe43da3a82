"""How a call can fail for good.

FootfallError        always one sentence
├── RefusedError     the server refused it; the same call will always fail
└── GivenUpError     retried in vain; what was written may or may not be stored
"""


class FootfallError(Exception):
    """A call that failed for good."""

    def __init__(self, code: str, message: str, *, attempts: int = 1) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        """The gRPC status by name, for example `INVALID_ARGUMENT`; `NOT_CONNECTED` if nobody answers at all."""
        self.message = message
        """One sentence."""
        self.attempts = attempts
        """How often it was tried."""


class RefusedError(FootfallError):
    """The server refused the call, and always will."""


class GivenUpError(FootfallError):
    """Retrying was given up, because the time was up or the client was closed. The outcome is not known."""
