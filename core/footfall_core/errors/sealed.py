"""Opaque tokens: bytes as text that a client keeps and sends back.

A token is a version, what it holds and a checksum, in URL-safe base64 without padding. The checksum tells a token that
was cut or mistyped from a real one; it is no secret, so whatever a token holds is checked like any other input.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from zlib import crc32

_CHECKSUM_BYTES = 4

MAX_TOKEN_LENGTH = 8_192
"""Characters of the longest token that is looked at."""


def seal(version: int, content: bytes) -> str:
    """Return the token of some bytes.

    Args:
        version: 0 to 255, different for each kind of token and each way in which it was ever written.
        content: what it holds.
    """
    body = bytes([version]) + content
    return urlsafe_b64encode(body + crc32(body).to_bytes(_CHECKSUM_BYTES)).rstrip(b"=").decode()


def unseal(version: int, token: str) -> bytes:
    """Return what `seal` put into a token.

    Raises:
        ValueError: it is no token of this version.
    """
    if not token.isascii() or len(token) > MAX_TOKEN_LENGTH:
        raise ValueError("not a token")
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    found, content = sealed[:1], sealed[1:-_CHECKSUM_BYTES]
    # decoding skips what is not in the alphabet: only the way back shows that nothing was, and that the sum is right
    if found != bytes([version]) or seal(version, content) != token:
        raise ValueError("not a token")
    return content
