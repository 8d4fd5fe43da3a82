"""`WriteEvents`: parse, check, store, answer."""

from footfall.v1.ingest_pb2 import WriteEventsResponse
from footfall_core.clock import Clock
from footfall_core.errors.records import error_record, refusal_error
from footfall_core.intake import Arrival, Refused, Taken, take
from footfall_core.partitioning import partition_of
from footfall_core.ports import EventLog
from footfall_server.hosts.call import Call


class WriteEvents:
    """The handler of `WriteEvents`."""

    def __init__(self, log: EventLog, partitions: int, clock: Clock) -> None:
        self._log = log
        self._partitions = partitions
        self._clock = clock

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Take a batch; see `footfall.v1.IngestService`.

        Raises:
            InvalidRequest, TooLarge: nothing of it is stored.
            TryAgain: it is not known to be stored.
        """
        arrival = Arrival(
            received_micros=self._clock.now(),
            peer_address=call.peer_address,
            # a gRPC library's own name is no visitor's browser
            user_agent="" if call.user_agent.startswith("grpc-") else call.user_agent,
            trace_parent=call.metadata.get("traceparent", ""),
        )
        match take(request, arrival):
            case Refused() as refused:
                self._report(refused, arrival)
                raise refused.problem
            case Taken() as taken:
                return (await self._store(taken, call)).SerializeToString()

    async def _store(self, taken: Taken, call: Call) -> WriteEventsResponse:
        answer = taken.answer
        call.log.update(property=taken.property_id, accepted=answer.accepted, rejected=len(answer.rejected))
        if not taken.validate_only:
            partition = partition_of(taken.property_id, taken.writer_id, self._partitions) if taken.writer_id else None
            answer.committed_time_micros = await self._log.append(taken.raw_batch, partition)
        return answer

    def _report(self, refused: Refused, arrival: Arrival) -> None:
        """Put what never reaches the raw topic into the errors, where the property's owner sees it too."""
        error = refusal_error(refused.problem, refused.property_id, arrival.received_micros)
        if error is not None:
            key, record = error_record(error)
            self._log.report(record, key)
