"""Sends requests that are almost right, and looks at what comes back."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from footfall.aio.channel import open_channel
from footfall.key import find_key
from footfall.v1.admin_pb2 import CreatePropertyRequest, RevokeKeyRequest
from footfall_core.properties import PROPERTY_ID
from tests.fuzz.calls import Call, Calls
from tests.fuzz.metadata import almost_right_metadata, almost_right_timeout, good
from tests.fuzz.mutations import STRINGS, almost_right
from tests.fuzz.preparing import prepared
from tests.fuzz.samples import REDRIVE_ERRORS, REPROCESSING, SHOPS, STREAM_ERRORS, STREAM_EVENTS, Samples

IN_FLIGHT = 32
SECONDS = 60.0
MOMENT = 0.2
"""Seconds in which a stream that the client breaks off has to say something; many have nothing to say."""

RARE = {"/footfall.v1.AdminService/CreateKey": 0.1, REDRIVE_ERRORS: 0.5, **dict.fromkeys(REPROCESSING, 0.1)}
"""How often a method is called, where others are 1: each key that is made stays for good, and its memory is no leak; a
redrive may look at all errors; and one process has no reprocessing."""

ODD_METADATA, ODD_TIMEOUT = 5, 20
"""Of how many calls one has metadata that are almost right, and of how many a deadline that is."""

NOT_ONE = 50
"""Of how many calls that take one request one has none, and one has two."""

Found = Counter[tuple[str, str]]
"""How often a method was answered with a status; `StreamEvents batch` are the answers on its streams, and
`WriteEvents event` the events that were taken."""


async def fuzz(address: str, requests: int, seed: int) -> Found:
    """Return how often each method answered with each status.

    Raises:
        AssertionError: with the bytes of a request that brought about what none may.
    """
    chance = random.Random(seed)
    found: Found = Counter()
    async with open_channel(address) as channel:
        known = await prepared(channel)
    # here each call says by itself what it is sent with
    async with open_channel(address, key="") as channel:
        calls = Calls(channel, found)
        drawing = _Drawing(known, find_key(None), chance)
        first = drawing.first()
        left = iter([*first, *[None] * (requests - len(first))])

        async def work() -> None:
            for call in left:
                await calls.make(call or drawing.draw())

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())
    return found


@dataclass(frozen=True)
class _Drawing:
    """Draws calls."""

    known: Samples
    key: str
    chance: random.Random

    def first(self) -> list[Call]:
        """Return two calls of each method: one that will be answered with OK, and the same without a key."""
        return [
            Call(method, [requests[0].SerializeToString()], metadata, SECONDS, cut=None, patience=SECONDS)
            for metadata in (good(self.key), ())
            for method, requests in self.known.items()
        ]

    def draw(self) -> Call:
        """Return a call that is almost right."""
        chance = self.chance
        (method,) = chance.choices(tuple(self.known), [RARE.get(method, 1) for method in self.known])
        number = chance.randrange(7) if method == STREAM_EVENTS else chance.choices((1, 0, 2), (NOT_ONE, 1, 1))[0]
        odd = chance.randrange(ODD_METADATA) == 0
        cut = chance.randrange(4) if chance.randrange(2) else None
        return Call(
            method,
            [self._request(method) for _ in range(number)],
            almost_right_metadata(self.key, chance) if odd else good(self.key),
            almost_right_timeout(chance) if chance.randrange(ODD_TIMEOUT) == 0 else SECONDS,
            cut=cut,
            patience=SECONDS if method != STREAM_ERRORS and cut is None else MOMENT,
        )

    def _request(self, method: str) -> bytes:
        sample = self.chance.choice(self.known[method])
        request = almost_right(sample, self.chance)
        return request if _is_bounded(method, request) else sample.SerializeToString()


def _is_bounded(method: str, request: bytes) -> bool:
    """Return whether a request leaves nothing for good, or one of so few things that memory does not grow by them."""
    try:
        match method.rpartition("/")[2]:
            case "CreateProperty":
                property_id = CreatePropertyRequest.FromString(request).property_id
                return property_id in {*SHOPS, *STRINGS} or not PROPERTY_ID.fullmatch(property_id)
            case "RevokeKey":
                # an operators' key is revoked whether there is one or not
                return not RevokeKeyRequest.FromString(request).name.startswith("properties/-/keys/")
    except DecodeError:  # whatever cannot be read is refused
        return True
    return True
