"""Why Quix Streams has ended, and whether another start can mend it.

Another start mends whatever goes away by itself: a Kafka that does not answer, a transaction whose outcome is not known
or which the broker ended, a place in the group that was lost. ADR 17 has the reasons.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException
from quixstreams.checkpointing.exceptions import CheckpointProducerTimeout
from quixstreams.exceptions import KafkaPartitionError, PartitionAssignmentError
from quixstreams.internal_producer import KafkaProducerTransactionAlreadyActive, KafkaProducerTransactionCommitFailed
from quixstreams.kafka.exceptions import (
    KafkaBrokerUnavailableError,
    KafkaConsumerException,
    KafkaProducerDeliveryError,
)
from quixstreams.models.topics.exceptions import CreateTopicTimeout, TopicConfigurationMismatch, TopicNotFoundError
from quixstreams.state.exceptions import InvalidStoreChangelogOffset, StateError, StateRecoveryOffsetOutOfRange

from footfall_core.streams import StreamBroken, StreamFenced, StreamUnmendableError

_REFUSALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - how the library names errors of its own
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
        KafkaError.INVALID_SESSION_TIMEOUT,
        KafkaError.INVALID_CONFIG,
        KafkaError._INVALID_ARG,  # noqa: SLF001
        KafkaError.MSG_SIZE_TOO_LARGE,
    }
)
"""Kafka answers, and would answer the same again."""

_UNCONFIRMED = (
    KafkaProducerDeliveryError,
    KafkaProducerTransactionCommitFailed,
    KafkaProducerTransactionAlreadyActive,
    CheckpointProducerTimeout,
)
_NOT_READ = (KafkaConsumerException, KafkaPartitionError)
# not found: a topic of the state that was made a moment ago; those that must be there are looked for before
_AWAY = (KafkaBrokerUnavailableError, CreateTopicTimeout, TopicNotFoundError)
_NO_OFFSETS = "Failed to get committed offsets"
"""How a `RuntimeError` begins that says that the group's coordinator is not to be found just now."""
_NOT_REBUILT = "Recovery stuck"
"""And one that says that nothing of a changelog was read for a minute: a transaction in it is open for that long."""


def failure_of(error: BaseException) -> StreamBroken | StreamUnmendableError | None:
    """Return what an error that ended Quix Streams is to whoever runs the stream; None: a mistake of ours.

    Args:
        error: the first one, not what failed behind it while Quix Streams took itself apart.
    """
    if isinstance(error, PartitionAssignmentError) and error.__cause__ is not None:
        if str(error.__cause__).startswith(_NO_OFFSETS):
            return StreamBroken("reading", str(error.__cause__))
        return failure_of(error.__cause__)
    if isinstance(error, RuntimeError) and str(error).startswith(_NOT_REBUILT):
        return StreamBroken("reading", str(error))
    kafka_error = _kafka_error(error)
    if kafka_error is not None and (said := _said(kafka_error)):
        return said
    if isinstance(error, StateRecoveryOffsetOutOfRange):
        return StreamUnmendableError(
            f"The log does not hold any more what the group has to read next, so events would be left out: {error}"
        )
    if isinstance(error, TopicConfigurationMismatch):
        return StreamUnmendableError(f"A topic of the state is not what it was made as: {error}")
    if isinstance(error, StateError | InvalidStoreChangelogOffset):
        return StreamUnmendableError(
            "The state in FOOTFALL_STATE_DIR cannot be used. Remove this instance's folder (of a reprocessing, the one "
            f"in it with its id), and it is rebuilt from its changelog: {error}"
        )
    if isinstance(error, _AWAY):
        return StreamBroken("away", str(error))
    if isinstance(error, _NOT_READ):
        return StreamBroken("reading", str(error))
    if isinstance(error, _UNCONFIRMED):
        return StreamBroken("transaction", str(error))
    return StreamBroken("kafka", str(error)) if isinstance(error, KafkaException) else None


@contextmanager
def told_apart(earlier: Callable[[], BaseException | None] = lambda: None) -> Iterator[None]:
    """Have an error of Kafka in the block say whether another try can mend it.

    Args:
        earlier: returns the error that the block's one follows from, if there was one.
    """
    try:
        yield
    except Exception as error:
        first = earlier() or error
        failure = failure_of(first)
        if failure is None:
            raise
        raise failure from first


def _kafka_error(error: BaseException) -> KafkaError | None:
    if isinstance(error, KafkaConsumerException | KafkaProducerDeliveryError):
        return error.error
    if isinstance(error, KafkaException) and isinstance(error.args[0], KafkaError):
        return error.args[0]
    return None


def _said(error: KafkaError) -> StreamBroken | StreamUnmendableError | None:
    # a consumer tells of whatever is fatal to it as `_FATAL`, with the reason in words
    if error.code() == KafkaError.FENCED_INSTANCE_ID or "group.instance.id" in error.str():
        return StreamFenced(
            "Another one of this name has taken its place. If that goes on, another process runs under this one's "
            "name: give each event consumer a FOOTFALL_INSTANCE_NAME of its own, have one runner of reprocessings, or "
            f"stop what is not to be there: {error.str()}"
        )
    if error.code() in _REFUSALS:
        return StreamUnmendableError(f"Kafka refuses what is asked for: {error.str()}")
    return None
