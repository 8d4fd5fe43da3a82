"""What becomes of one batch, however it came: admit it, take it, store it, answer it."""

import asyncio
import time

from footfall.v1.ingest_pb2 import WriteEventsResponse
from footfall_core.clock import Clock
from footfall_core.errors.records import refusal_error
from footfall_core.intake import Arrival, Refused, Taken, head_of, take
from footfall_core.partitioning import partition_of
from footfall_core.ports import EventLog
from footfall_core.problems import OverQuota, Problem, TryAgain
from footfall_core.properties import PROPERTY_ID
from footfall_server.hosts.call import Call
from footfall_server.hosts.deadlines import seconds_for_work
from footfall_server.ingest.figures import count_refused, count_taken
from footfall_server.quotas.quotas import WriteQuotas

NOT_IN_TIME = "The batch was not stored within the call's deadline; it may be yet, or not."


class BatchIntake:
    """Takes batches in: the work that `WriteEvents` and `StreamEvents` share."""

    def __init__(self, log: EventLog, partitions: int, quotas: WriteQuotas, clock: Clock) -> None:
        self._log = log
        self._quotas = quotas
        self._partitions = partitions
        self._clock = clock

    async def take(self, request: bytes, call: Call) -> Taken | Refused:
        """Decide about the bytes of a `WriteEventsRequest`.

        A batch that is refused never reaches the raw topic, so it is put into the errors here, where the property's
        owner sees it too. One that is over the quota is refused before it is parsed, and is not put there: it costs
        next to nothing, and leaves room in the errors for what is wrong.
        """
        if (refused := await self._over_quota(request)) is not None:
            count_refused(refused.problem)
            return refused
        user_agent = call.user_agent
        arrival = Arrival(
            received_micros=self._clock.now(),
            peer_address=call.peer_address,
            # a gRPC library's own name is no visitor's browser
            user_agent="" if user_agent.startswith("grpc-") else user_agent,
            trace_parent=call.metadata.get("traceparent", ""),
        )
        decision = take(request, arrival)
        if isinstance(decision, Refused):
            count_refused(decision.problem)
            error = refusal_error(decision.problem, decision.property_id, arrival.received_micros)
            if error is not None:
                self._log.report(error)
        return decision

    def quota_fields(self, property_id: str) -> dict[str, str]:
        """Return what the callers of a property are told of its quota."""
        return self._quotas.fields(property_id)

    async def _over_quota(self, request: bytes) -> Refused | None:
        """Count a batch into its property's quota; return its refusal if that is used up."""
        head = head_of(request)
        if head is None:
            return None
        try:
            await self._quotas.admit(head.property_id, head.events, len(request))
        except OverQuota as problem:
            return Refused(problem, head.property_id, head.sequence)
        return None

    async def store(self, taken: Taken, call: Call) -> WriteEventsResponse:
        """Return the batch's answer once it is durable; with `validate_only`, at once.

        Whoever waits is told before their deadline passes, which would tell them nothing. What was handed to the log
        goes its way all the same.

        Raises:
            TooLarge: with its verdicts the batch is beyond what the log takes.
            TryAgain: it is not stored, or not known to be.
        """
        answer = taken.answer
        began = time.perf_counter()
        if not taken.validate_only:
            partition = partition_of(taken.property_id, taken.writer_id, self._partitions) if taken.writer_id else None
            try:
                with self._quotas.waiting(taken.property_id, len(taken.raw_batch)):
                    async with asyncio.timeout(seconds_for_work(call)):
                        answer.committed_time_micros = await self._log.append(taken.raw_batch, partition, taken.kind)
            except TimeoutError:
                problem = TryAgain(NOT_IN_TIME)
                count_refused(problem)
                raise problem from None
            except Problem as problem:
                count_refused(problem)
                raise
        count_taken(taken, time.perf_counter() - began)
        return answer


def described(decision: Taken | Refused) -> dict[str, object]:
    """Return what the log line of a batch says of it; of a refused one no property that is none."""
    line: dict[str, object] = {"sequence": decision.sequence}
    if isinstance(decision, Taken):
        line["accepted"] = decision.answer.accepted
        line["rejected"] = len(decision.answer.rejected)
    if PROPERTY_ID.fullmatch(decision.property_id):
        line["property"] = decision.property_id
    return line
