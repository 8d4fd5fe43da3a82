"""Who fenced a producer, and how long it then stays away."""

from confluent_kafka import KafkaError

from footfall_adapters.kafka.fences import LONGEST_PAUSE, Fences

FENCED = KafkaError(KafkaError._FENCED)


def test_a_transaction_that_is_past_its_time_was_fenced_by_the_coordinator() -> None:
    fences = Fences(5)
    assert [fences.pause(FENCED, transaction_age=5.1, connection_age=6) for _ in range(9)] == [0] * 9


def test_other_errors_say_nothing_of_another_server() -> None:
    fences = Fences(5)
    timed_out = KafkaError(KafkaError._TIMED_OUT)
    assert [fences.pause(timed_out, transaction_age=1, connection_age=1) for _ in range(9)] == [0] * 9


def test_once_is_an_accident_and_then_pauses_grow_until_a_connection_has_lasted() -> None:
    fences = Fences(5)
    pauses = [fences.pause(FENCED, transaction_age=0.1, connection_age=1) for _ in range(9)]
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert fences.pause(FENCED, transaction_age=0.1, connection_age=2 * LONGEST_PAUSE + 1) == 0
    assert fences.pause(FENCED, transaction_age=0.1, connection_age=1) == 1
