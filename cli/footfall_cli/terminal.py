"""What people read: sentences on stderr, text that cannot steer their terminal, and the exit codes."""

import unicodedata

import click

from footfall.failures import FootfallError, GivenUpError

EXIT_LINES_REFUSED = 1
EXIT_WRONG_USE = 2
EXIT_UNREACHABLE = 3
EXIT_OUR_MISTAKE = 70
EXIT_INTERRUPTED = 130

_CALLERS_MISTAKE = frozenset(
    {
        *("INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED"),
        *("ALREADY_EXISTS", "ABORTED", "PERMISSION_DENIED", "UNAUTHENTICATED"),
    }
)


class Failure(Exception):  # noqa: N818 - what a command ends with, not a mistake of the program
    """The command cannot go on: one sentence and the exit code."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


def failure_of(error: FootfallError, endpoint: str) -> Failure:
    """Return how a command ends whose call failed for good."""
    if error.code == "RESOURCE_EXHAUSTED" and isinstance(error, GivenUpError):
        # over the quota until the patience was at its end: the same command may do it later
        return Failure(error.message, EXIT_UNREACHABLE)
    if error.code == "UNAUTHENTICATED":
        return Failure(f"{error.message} (--key or FOOTFALL_KEY says which one to send)", EXIT_WRONG_USE)
    if error.code in _CALLERS_MISTAKE:
        return Failure(error.message or error.code, EXIT_WRONG_USE)
    if error.code == "NOT_CONNECTED":
        return Failure(f"Footfall cannot be reached at {endpoint}: {error.message}", EXIT_UNREACHABLE)
    if error.code == "UNIMPLEMENTED":
        return Failure(f"{endpoint} answers, but does not serve this: {error.message}", EXIT_UNREACHABLE)
    if error.code == "DEADLINE_EXCEEDED":
        return Failure(f"Footfall at {endpoint} did not answer in time: {error.message}", EXIT_UNREACHABLE)
    # what comes before is gRPC's account of the addresses it tried
    reason = error.message.rsplit("Failed to connect to remote host: ", 1)[-1]
    return Failure(f"Footfall at {endpoint} cannot answer now ({error.code}): {reason}", EXIT_UNREACHABLE)


def say(sentence: str) -> None:
    """Write a sentence to stderr; further lines belong to it, such as a mark below a place."""
    click.echo("footfall: " + "\n".join(plain(line) for line in sentence.split("\n")), err=True)


def plain(text: str) -> str:
    """Return text in one line, with control characters written out.

    Titles and URLs are strangers' words, and could move the cursor or hide what follows.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode() for c in text
    )
