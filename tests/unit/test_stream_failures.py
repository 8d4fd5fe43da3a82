"""What ended Quix Streams, and whether another start mends it."""

import pytest
from confluent_kafka import KafkaError, KafkaException
from quixstreams.checkpointing.exceptions import CheckpointProducerTimeout
from quixstreams.exceptions import PartitionAssignmentError
from quixstreams.internal_producer import KafkaProducerTransactionAlreadyActive, KafkaProducerTransactionCommitFailed
from quixstreams.kafka.exceptions import (
    KafkaBrokerUnavailableError,
    KafkaConsumerException,
    KafkaProducerDeliveryError,
)
from quixstreams.models.topics.exceptions import TopicConfigurationMismatch, TopicNotFoundError
from quixstreams.state.exceptions import InvalidStoreChangelogOffset, StateRecoveryOffsetOutOfRange
from quixstreams.state.rocksdb.exceptions import RocksDBCorruptedError

from footfall_adapters.kafka.stream_failures import failure_of
from footfall_core.streams import StreamBroken, StreamUnmendableError


def kafka(code: int, text: str = "") -> KafkaException:
    return KafkaException(KafkaError(code, text or None))


def assigning(cause: Exception) -> PartitionAssignmentError:
    error = PartitionAssignmentError("Error during partition assignment")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (kafka(KafkaError._TIMED_OUT), "kafka"),  # the outcome of EndTxn is open
        (kafka(KafkaError._FENCED), "kafka"),  # the broker ended the transaction for its time-out
        (kafka(KafkaError._STATE), "kafka"),
        (kafka(KafkaError._FATAL, "Fatal error: INVALID_PRODUCER_EPOCH"), "kafka"),
        (KafkaProducerDeliveryError(KafkaError(KafkaError._MSG_TIMED_OUT)), "transaction"),
        (KafkaProducerTransactionCommitFailed("all attempts failed"), "transaction"),
        (KafkaProducerTransactionAlreadyActive("dangling"), "transaction"),
        (CheckpointProducerTimeout("3 messages"), "transaction"),
        (KafkaBrokerUnavailableError("for 120s"), "away"),
        (TopicNotFoundError("the changelog that was just made"), "away"),
        (KafkaConsumerException(KafkaError(KafkaError._MAX_POLL_EXCEEDED)), "reading"),
        (kafka(KafkaError.FENCED_INSTANCE_ID), "fenced"),
        (
            KafkaConsumerException(
                KafkaError(KafkaError._FATAL, "Static consumer fenced by other consumer with same group.instance.id")
            ),
            "fenced",
        ),
        (assigning(kafka(KafkaError._TIMED_OUT)), "kafka"),
        (assigning(RuntimeError('Failed to get committed offsets for "events.raw[0]" from the broker')), "reading"),
        (RuntimeError("Recovery stuck: unable to get valid position for the changelog"), "reading"),
    ],
    ids=repr,
)
def test_another_start_mends_what_goes_away_by_itself(error: Exception, reason: str) -> None:
    failure = failure_of(error)
    assert isinstance(failure, StreamBroken)
    assert failure.reason == reason


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StateRecoveryOffsetOutOfRange("below the low watermark"), "does not hold any more"),
        (assigning(StateRecoveryOffsetOutOfRange("below the low watermark")), "does not hold any more"),
        (TopicConfigurationMismatch("3 partitions instead of 4"), "not what it was made as"),
        (RocksDBCorruptedError("no manifest"), "Remove this instance's folder"),
        (assigning(RocksDBCorruptedError("no manifest")), "Remove this instance's folder"),
        (InvalidStoreChangelogOffset("beyond the changelog"), "Remove this instance's folder"),
        (kafka(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED), "Kafka refuses"),
        (KafkaConsumerException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED)), "Kafka refuses"),
        (KafkaProducerDeliveryError(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)), "Kafka refuses"),
    ],
    ids=repr,
)
def test_what_somebody_has_to_do_something_about_is_said(error: Exception, says: str) -> None:
    failure = failure_of(error)
    assert isinstance(failure, StreamUnmendableError)
    assert says in str(failure)


@pytest.mark.parametrize("error", [ValueError("a mistake"), assigning(KeyError("a mistake"))], ids=repr)
def test_a_mistake_of_ours_is_nothing_that_it_knows(error: Exception) -> None:
    assert failure_of(error) is None
