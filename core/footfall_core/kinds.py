"""Live events and imported history: apart from the log to the store, so that a backfill does not delay live events."""

from enum import Enum

from footfall.v1.ingest_pb2 import WriteEventsRequest


class EventKind(Enum):
    """What a batch is of. Each kind has a raw topic, a consumer and tables of its own; reports ask the union."""

    LIVE = "live"
    """Events that happened within the last days."""
    IMPORT = "import"
    """History that was recorded elsewhere (`historical_import`)."""

    @classmethod
    def of(cls, request: WriteEventsRequest) -> "EventKind":
        """Return the kind of a batch, which is its writer's for life."""
        return cls.IMPORT if request.historical_import else cls.LIVE

    @property
    def raw_topic(self) -> str:
        """Name of the topic of its raw records, without the prefix."""
        return _RAW_TOPICS[self]


_RAW_TOPICS = {EventKind.LIVE: "events.raw", EventKind.IMPORT: "imports.raw"}
