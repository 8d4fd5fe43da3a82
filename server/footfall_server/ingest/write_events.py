"""`WriteEvents`: one batch, one answer."""

from footfall_core.intake import Refused
from footfall_server.hosts.call import Call
from footfall_server.ingest.batch_intake import BatchIntake, described


class WriteEvents:
    """The handler of `WriteEvents`."""

    def __init__(self, intake: BatchIntake) -> None:
        self._intake = intake

    async def __call__(self, request: bytes, call: Call) -> bytes:
        """Take a batch; see `footfall.v1.IngestService`.

        Raises:
            InvalidRequest, TooLarge, OverQuota: nothing of it is stored.
            TryAgain: it is not known to be stored.
        """
        decision = await self._intake.take(request, call)
        call.log.update(described(decision))
        call.trailers.update(self._intake.quota_fields(decision.property_id))
        if isinstance(decision, Refused):
            raise decision.problem
        return (await self._intake.store(decision, call)).SerializeToString()
