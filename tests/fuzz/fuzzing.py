"""Sends requests that are almost right, and looks at what comes back."""

import asyncio
import random
from collections import Counter

import grpc

from footfall.aio.channel import open_channel
from tests.fuzz.mutations import almost_right, samples

IN_FLIGHT = 32
NEVER = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNIMPLEMENTED}
"""What no request may bring about, however wrong it is."""


async def fuzz(address: str, requests: int, seed: int) -> Counter[tuple[str, grpc.StatusCode]]:
    """Return how often each method answered with each status.

    Raises:
        AssertionError: with the bytes of a request that brought about what none may.
    """
    chance = random.Random(seed)
    known = samples()
    found: Counter[tuple[str, grpc.StatusCode]] = Counter()
    left = iter(range(requests))
    async with open_channel(address) as channel:
        calls = {method: channel.unary_unary(method) for method in known}

        async def work() -> None:
            for _ in left:
                method = chance.choice(tuple(known))
                request = almost_right(known[method], chance)
                call = calls[method](request, timeout=60)
                status = await call.code()
                assert status not in NEVER, (method, request.hex(), status, await call.details())
                found[method.rsplit("/", 1)[1], status] += 1

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return found
