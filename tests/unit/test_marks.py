"""Where a partition ends is asked for until its leader is found."""

from collections.abc import Sequence
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from footfall_adapters.kafka.marks import begin_and_end_of, end_of

MOVED = KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))
DENIED = KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))


class Asking:
    """A consumer that answers as it is told."""

    def __init__(self, answers: Sequence[tuple[int, int] | KafkaException | None]) -> None:
        self.answers = list(answers)

    def get_watermark_offsets(self, _: object, timeout: float) -> tuple[int, int] | None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, KafkaException):
            raise answer
        return answer


def asking(*answers: tuple[int, int] | KafkaException | None) -> Consumer:
    return cast("Consumer", Asking(answers))


def test_a_partition_whose_leader_has_just_changed_is_asked_again() -> None:
    assert begin_and_end_of(asking(MOVED, MOVED, (3, 7)), "topic", 0, 10.0) == (3, 7)
    assert end_of(asking(MOVED, (3, 7)), "topic", 0, 10.0) == 7


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (MOVED, KafkaError.NOT_LEADER_FOR_PARTITION),
        (DENIED, KafkaError.TOPIC_AUTHORIZATION_FAILED),
        (None, KafkaError._TIMED_OUT),
    ],
)
def test_what_does_not_come_in_time_is_an_error(answer: KafkaException | None, code: int) -> None:
    with pytest.raises(KafkaException) as raised:
        end_of(asking(answer), "topic", 0, 0.0)
    assert raised.value.args[0].code() == code
