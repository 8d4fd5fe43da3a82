"""Notices a consumer that is in its group no more and does not come back.

librdkafka joins again by itself when a session has ended. One that has forgotten all its brokers does not (ADR 17), and
there may be other ways to get lost: everything else of the process goes on then, and only another consumer helps.
"""

import time
from collections.abc import Callable
from typing import Protocol

LONGEST_ABSENCE = 20.0
"""Seconds. Longer than joining takes: a Kafka that is only just back is found within 10 s, and a group of which another
member is gone waits for the end of its session, 6 s."""


LONGEST_PAUSE_MS = 45_000
"""How long a member may not poll, since it has enough to do: longer than a query takes, or a tick's commit. As long,
the group waits for one that is gone if a broker that was killed has come back and takes it for alive; with librdkafka's
five minutes nobody answered queries meanwhile."""


class Member(Protocol):
    """A consumer: confluent-kafka's, or what Quix Streams makes of it."""

    def memberid(self) -> str | None:
        """Return its id in its group; none or an empty one if it is in none."""
        ...


class Membership:
    """Of one consumer in its group; asked every now and then, and told, by the thread that polls.

    A consumer of which nothing is told is judged by its id alone. One that has lost its part is away until it is given
    its part again: it may have an id, and wait for ever for the group to go on.
    """

    def __init__(
        self, consumer: Member, longest_absence: float = LONGEST_ABSENCE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._consumer = consumer
        self._longest_absence = longest_absence
        self._now = now
        self._last = now()
        self._is_away = False
        self.has_part = False
        """Whether the group has given the consumer its part, and it has not lost it since."""

    def assigned(self, *_: object) -> None:
        """Note that the group has given the consumer its part."""
        self.has_part, self._is_away = True, False

    def lost(self, *_: object) -> None:
        """Note that the group has gone on without the consumer."""
        self.has_part, self._is_away = False, True

    def is_lost(self) -> bool:
        """Return whether the consumer has been away for longer than joining takes."""
        if self._consumer.memberid() and not self._is_away:
            self._last = self._now()
        return self._now() - self._last > self._longest_absence
