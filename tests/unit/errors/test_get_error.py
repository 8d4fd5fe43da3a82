"""How many payloads of a property `GetError` reads at once."""

import asyncio
from typing import Any

import pytest

from footfall.v1.errors_pb2 import EventError, GetErrorRequest, ListErrorsResponse, PayloadPlace
from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_core.clock import SystemClock
from footfall_core.kinds import EventKind
from footfall_core.problems import OverQuota
from footfall_core.quota.quota import Quota
from footfall_core.report.answer import Answer, answer_to_bytes
from footfall_server.errors.get_error import GetError
from footfall_server.errors.settings import ErrorServerSettings
from footfall_server.hosts.call import Call
from footfall_server.hosts.draining import Draining
from footfall_server.quotas.quotas import ReportQuotas

CLOCK = SystemClock()


class Bus:
    """Finds each error that it is asked for."""

    async def ask(self, question: Any, _deadline: int) -> bytes:
        error = EventError(error_id=question.error_id, payload=PayloadPlace(offset=7))
        error.property = f"properties/{question.property_id}"
        return answer_to_bytes(Answer(ListErrorsResponse(errors=[error]).SerializeToString()))


class Held:
    """Reads raw records when it is told to; they are gone."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)

    async def read(self, _kind: EventKind, _partition: int, _offset: int) -> None:
        self.waiting.release()
        await self.release.wait()


async def test_a_property_reads_so_many_payloads_at_once_and_leaves_room_for_the_others() -> None:
    held, settings = Held(), ErrorServerSettings(payloads_at_once=2)
    get_error = GetError(Bus(), held, ReportQuotas(MemoryBuckets(CLOCK), lambda _: Quota()), settings, CLOCK)

    async def look(property_id: str) -> None:
        request = GetErrorRequest(property=f"properties/{property_id}", error_id="an-id")
        call = Call("get", {}, "", lambda: None, Draining(), None)  # type: ignore[arg-type]
        await get_error(request.SerializeToString(), call)

    async with asyncio.TaskGroup() as looking:
        for property_id in ("shop", "shop", "another"):
            looking.create_task(look(property_id))
            await held.waiting.acquire()
        with pytest.raises(OverQuota, match="The property has 2 payloads under way on this server"):
            await look("shop")
        held.release.set()
    await look("shop")
