"""Resume tokens: where in the log of errors a stream goes on, and for which errors that is true.

    fingerprint   8 bytes of the property and the filter
    count         of partitions
    offsets       of each partition's next record, in order of partition

Numbers are varints, as in protobuf: a token of four partitions has some 45 characters.
"""

from collections.abc import Iterator

from footfall_core.errors.feed import Position
from footfall_core.errors.sealed import seal, unseal
from footfall_core.errors.selection import ErrorSelection
from footfall_core.problems import InvalidRequest

_VERSION = 1
_FINGERPRINT_BYTES = 8
_LARGEST = 2**63 - 1
"""Of an offset in Kafka."""


def resume_token(position: Position, fingerprint: bytes) -> str:
    """Return the token of a position.

    Args:
        position: the offset of each partition's next record.
        fingerprint: of what the stream selects.
    """
    numbers = b"".join(_varint(number) for number in (len(position), *position))
    return seal(_VERSION, fingerprint + numbers)


def position_of(token: str, selection: ErrorSelection) -> Position:
    """Return the position that a client's token stands for.

    Raises:
        InvalidRequest: it is no token, or one of another property or filter.
    """
    try:
        content = unseal(_VERSION, token)
        fingerprint, (count, *position) = content[:_FINGERPRINT_BYTES], _numbers(content[_FINGERPRINT_BYTES:])
        if len(position) != count:
            raise ValueError("not as many offsets as it says")  # noqa: TRY301 - one sentence for all of them
    except ValueError:
        raise InvalidRequest.of(
            "resume_token", "It is not a token of this service; send one as it was received, whole and unchanged."
        ) from None
    if fingerprint != selection.fingerprint():
        raise InvalidRequest.of(
            "resume_token",
            "It comes from a stream of another property or filter; send it with the property and the filter of the "
            "stream that it came from, or call without it.",
        )
    return tuple(position)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _numbers(content: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in content:
        number |= (byte & 0x7F) << shift
        shift += 7
        if number > _LARGEST:
            raise ValueError("larger than any offset")
        if byte < 0x80:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("ends within a number")
