"""Properties and keys in Kafka: two compacted topics, of which every server reads the whole."""

from confluent_kafka import Message

from footfall_adapters.kafka.followed import Followed, Storing, key_of
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_core.access.register import KEYS, Register

PROPERTIES, CONTROL = "properties", "control"


class KafkaAccess(Followed[Register]):
    """An `Access`; an async context manager, entered when all that was stored by then is known, be it minutes later."""

    keeps_keys = False

    def __init__(self, kafka: KafkaSettings) -> None:
        super().__init__(
            kafka, "properties and keys", (PROPERTIES, CONTROL), lambda: Register(keeps_keys=self.keeps_keys), _apply
        )

    @property
    def register(self) -> Register:
        """See `Access`."""
        return self.value


class KafkaRegistry(KafkaAccess):
    """A `Registry`; an async context manager like `KafkaAccess`."""

    keeps_keys = True

    def __init__(self, kafka: KafkaSettings) -> None:
        super().__init__(kafka)
        self._storing = Storing(kafka)

    async def put(self, name: str, record: bytes) -> None:
        """See `Registry`."""
        topic = self._kafka.topic(CONTROL if KEYS in name else PROPERTIES)
        await self._storing.put(topic, name, record, self)


def _apply(register: Register, message: Message) -> None:
    register.apply(key_of(message), message.value() or b"")
