"""The cache of answers in the process's own memory, where one process is all there is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TTLCache

from footfall_core.report.answer import Answer

ENTRY_BYTES = 1024
"""What is counted for an answer beside its response: its key, and what Python keeps around both."""


@dataclass(frozen=True)
class MemoryCacheSettings:
    """How long answers are kept in memory, and how much of it they may take."""

    life_ms: int = 1_000
    """How long an answer is kept, and so how old one may be. Milliseconds."""
    max_answer_bytes: int = 1024 * 1024
    """Answers over this size are not kept: they would drive out many others."""
    max_bytes: int = 32 * 1024 * 1024
    """Bytes of all answers together, 1 KiB apiece beside their responses; beyond, those unasked for longest go."""


class MemoryAnswerCache:
    """The port `AnswerCache`; used on one event loop."""

    def __init__(self, settings: MemoryCacheSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin empty.

        Args:
            settings: how long, and how much.
            monotonic: a clock that never steps back, in seconds.
        """
        self._max_answer_bytes = settings.max_answer_bytes
        self._answers: TTLCache[tuple[str, str], Answer] = TTLCache(
            settings.max_bytes, settings.life_ms / 1000, timer=monotonic, getsizeof=_size
        )

    async def get(self, property_id: str, key: str) -> Answer | None:
        """Return the answer under a property's key: see the port."""
        # what has outlived its time is not to take memory until the next answer comes
        self._answers.expire()
        return self._answers.get((property_id, key))

    async def put(self, property_id: str, key: str, answer: Answer) -> None:
        """Keep an answer: see the port."""
        if len(answer.response) <= self._max_answer_bytes and _size(answer) <= self._answers.maxsize:
            self._answers[property_id, key] = answer


def _size(answer: Answer) -> int:
    return len(answer.response) + ENTRY_BYTES
