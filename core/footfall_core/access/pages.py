"""Pages of a list of names: the token says behind which name the next one begins."""

from footfall_core.errors.sealed import seal, unseal
from footfall_core.problems import InvalidRequest

MOST = 1_000
DEFAULT = 100

_VERSION = 102


def page_size(asked: int) -> int:
    """Return how many a page has.

    Raises:
        InvalidRequest: too many are asked for.
    """
    if not 0 <= asked <= MOST:
        raise InvalidRequest.of("page_size", f"{asked} is out of range; 1 to {MOST:,} are allowed.")
    return asked or DEFAULT


def page_token_behind(name: str) -> str:
    """Return the token of the page that begins behind a name."""
    return seal(_VERSION, name.encode())


def begins_behind(token: str) -> str:
    """Return the name behind which a page begins; empty for the first page.

    Raises:
        InvalidRequest: the token is none of ours.
    """
    if not token:
        return ""
    try:
        return unseal(_VERSION, token).decode()
    except ValueError:
        raise InvalidRequest.of(
            "page_token", "It is not a token of this service; send next_page_token as it was received."
        ) from None
