"""A redriven event counts once, by where it was sent first, however often and whenever it is redriven. Pure.

    ~origin/PARTITION/OFFSET/BATCH                   the batch in which it was sent, by its place
    ~batch/PROPERTY/[import/]WRITER/SEQUENCE/MARK    the same batch, by what it is, if it had a writer

Under each key stand the indexes of the events that were counted; they never expire. The place alone tells nearly all:
of a batch that counts, the writer's window lets one copy through. One that is refused as a whole leaves no mark there,
so copies stand at several places, with errors of their own, and must be known for one.

A batch whose copies may count as they are sent, since it could not be processed or was too far ahead, is noted as
refused. Where that note stands it was not counted, and a copy that is counted says so beside it: so an error that is
redriven long after its writer was forgotten is not taken at its word. Rules that can process the batch leave no note
when the log is processed anew, and then nothing is left to redrive but the events that it refused by themselves.
"""

from collections.abc import Callable, Collection, Iterable, Sequence, Set

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
    if not redriven.HasField("sent"):
        return (place,)
    sent = redriven.sent
    writer = writer_key(property_id, kind, sent.writer_id)
    return place, batch_key(writer, sent.sequence, sent.fingerprint)


def batch_key(writer: str, sequence: int, fingerprint: int) -> str:
    """Return the key under which a batch is remembered by what it is.

    Args:
        writer: its writer's `writer_key`.
        sequence: its number.
        fingerprint: of what is in it.
    """
    return f"{ORIGIN_PREFIX}batch/{writer}/{sequence}/{fingerprint:016x}"


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
        self._known: dict[str, CountedOrigin] = {}
        self._changed: set[str] = set()

    def counted(self, keys: Sequence[str]) -> Set[int]:
        """Return the indexes of the events that were counted under one of these keys."""
        return {index for key in keys for index in self._under(key).event_indexes}

    def remember(self, keys: Iterable[str], indexes: Collection[int]) -> None:
        """Note events as counted, under each of these keys."""
        for key in keys:
            known = self._under(key)
            known.event_indexes[:] = sorted({*known.event_indexes, *indexes})
            self._changed.add(key)

    def is_refused(self, key: str) -> bool:
        """Return whether a batch is noted as refused although a copy of it may count."""
        return self._under(key).refused

    def refuse(self, key: str) -> None:
        """Note a batch as refused although a copy of it may count."""
        if not self.is_refused(key):
            self._under(key).refused = True
            self._changed.add(key)

    def state(self) -> dict[str, bytes]:
        """Return what is to be stored, by key."""
        return {key: self._known[key].SerializeToString() for key in sorted(self._changed)}

    def _under(self, key: str) -> CountedOrigin:
        if (known := self._known.get(key)) is None:
            known = self._known[key] = CountedOrigin.FromString(self._load(key) or b"")
        return known
