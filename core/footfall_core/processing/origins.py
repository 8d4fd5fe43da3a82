"""A redriven event counts once, by where it was sent first, however often and whenever it is redriven. Pure.

    ~origin/PARTITION/OFFSET/BATCH                   the batch in which it was sent, by its place
    ~batch/PROPERTY/[import/]WRITER/SEQUENCE/MARK    the same batch, by what it is, if it was refused as a whole

Under each key stand the indexes of the events that were counted; they never expire. The place alone tells nearly all:
of a batch that counts, the writer's window lets one copy through. One that is refused as a whole leaves no mark there,
so the copies that its writer sent stand at several places, and must be known for one.
"""

from collections.abc import Callable, Iterable, Sequence, Set

from footfall_core.kinds import EventKind
from footfall_core.wire.raw_pb2 import Redriven
from footfall_core.wire.state_pb2 import CountedOrigin

ORIGIN_PREFIX = "~"
"""What keys of origins begin with; no property's id does, and so no key of a window or a transaction."""


def origin_keys(redriven: Redriven, property_id: str, kind: EventKind) -> tuple[str, ...]:
    """Return the keys under which the events of a redriven batch are remembered.

    Args:
        redriven: where they come from.
        property_id: of the batch.
        kind: of the batch.
    """
    origin = redriven.origin
    place = f"{ORIGIN_PREFIX}origin/{origin.partition}/{origin.offset}/{origin.batch_index}"
    if not redriven.HasField("refused"):
        return (place,)
    refused = redriven.refused
    writer = writer_key(property_id, kind, refused.writer_id)
    return place, f"{ORIGIN_PREFIX}batch/{writer}/{refused.sequence}/{refused.fingerprint:016x}"


def writer_key(property_id: str, kind: EventKind, writer_id: str) -> str:
    """Return what names a writer: one that is live and an import is two.

    No id of a writer has a slash, so that the two can never be one.
    """
    apart = "" if kind is EventKind.LIVE else f"{kind.value}/"
    return f"{property_id}/{apart}{writer_id}"


class Origins:
    """The origins that one raw record meets.

    Args:
        load: returns the stored state of a key, or None.
    """

    def __init__(self, load: Callable[[str], bytes | None]) -> None:
        self._load = load
        self._known: dict[str, set[int]] = {}

    def counted(self, keys: Sequence[str]) -> Set[int]:
        """Return the indexes of the events that were counted under one of these keys."""
        return {index for key in keys for index in self._under(key)}

    def remember(self, keys: Iterable[str], indexes: Iterable[int]) -> None:
        """Note events as counted, under each of these keys."""
        for key in keys:
            self._known[key] = self._under(key).union(indexes)

    def state(self) -> dict[str, bytes]:
        """Return what is to be stored, by key."""
        return {
            key: CountedOrigin(event_indexes=sorted(known)).SerializeToString() for key, known in self._known.items()
        }

    def _under(self, key: str) -> set[int]:
        if (known := self._known.get(key)) is not None:
            return known
        return set(CountedOrigin.FromString(self._load(key) or b"").event_indexes)
