"""Whether a producer was fenced by another server of its name, and how long it then stays away. Pure.

librdkafka says the same of two things (tried with 2.12 against Kafka 4.1):

    another producer was initialised with the same transactional id   fenced, at once
    the coordinator aborted a transaction for its time-out            fenced, once the time-out is over

So a fenced transaction that is younger than its time-out was fenced by another producer. Once may be an accident: a
request of our own that Kafka worked off late, or a predecessor that was still ending. Again and again it is another
server that runs under the same name, and both would fence each other for ever.
"""

from confluent_kafka import KafkaError

_FENCED = KafkaError._FENCED  # noqa: SLF001 - the name that librdkafka gave it

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds."""


class Fences:
    """The fences of one instance, and what follows from them.

    Args:
        transaction_seconds: after how long the coordinator aborts a transaction, and fences its producer.
    """

    def __init__(self, transaction_seconds: float) -> None:
        self._transaction_seconds = transaction_seconds
        self._in_a_row = 0

    def pause(self, error: KafkaError, *, transaction_age: float, connection_age: float) -> float:
        """Return for how many seconds to leave the name to another server; 0 if there is none, as far as is known.

        Args:
            error: why the transaction failed.
            transaction_age: seconds since it was begun.
            connection_age: seconds since its producer was initialised.
        """
        if error.code() != _FENCED or transaction_age >= self._transaction_seconds:
            return 0.0
        if connection_age > 2 * LONGEST_PAUSE:
            # longer than another one would have stayed away
            self._in_a_row = 0
        self._in_a_row += 1
        if self._in_a_row == 1:
            return 0.0
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._in_a_row - 2))
