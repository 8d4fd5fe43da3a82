"""What a worker needs of Kafka for one run, in the order of its use: topics, bounds, what counts elsewhere, offsets."""

from collections.abc import Sequence

from footfall_adapters.kafka.application import StreamSettings
from footfall_adapters.kafka.counted_elsewhere import tell_what_counts_elsewhere
from footfall_adapters.kafka.run_bounds import Bounds, LogTooShortError, RawLog, is_drained, wait_for_bounds
from footfall_adapters.kafka.run_topics import group_of_run, make_run_topics, purchases_of_run
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.stream_failures import told_apart
from footfall_adapters.kafka.topics import TopicsSettings
from footfall_core.clock import Micros
from footfall_core.problems import WrongState
from footfall_core.runs.elsewhere import Elsewhere
from footfall_core.runs.run import Run
from footfall_core.runs.work import Places


class KafkaRunWork:
    """A `RunWork`."""

    def __init__(self, kafka: KafkaSettings, topics: TopicsSettings, stream: StreamSettings, run: Run) -> None:
        self._kafka = kafka
        self._topics = topics
        self._live_group = stream.group
        self._group = group_of_run(stream.group, run.id)
        self._run = run
        self._log = RawLog(kafka)
        self._bounds: Bounds | None = None

    @property
    def bounds(self) -> Bounds:
        """Where the run begins and ends; known once `await_end` has returned."""
        assert self._bounds is not None
        return self._bounds

    @told_apart()
    def has_begun(self) -> bool:
        """See `RunWork`."""
        # said of all partitions at once, as the last thing before it is processed
        return bool(self._log.raw_committed(self._group))

    @told_apart()
    def make_topics(self) -> None:
        """See `RunWork`."""
        make_run_topics(self._kafka, self._topics, self._run.id)

    @told_apart()
    def await_end(self, *, is_begun: bool) -> None:
        """See `RunWork`."""
        try:
            self._bounds = wait_for_bounds(self._log, self._run, is_begun=is_begun)
        except LogTooShortError as error:
            raise WrongState(str(error)) from error

    @told_apart()
    def learn_what_counts_elsewhere(self, parts: Sequence[Elsewhere]) -> int:
        """See `RunWork`."""
        return tell_what_counts_elsewhere(self._kafka, self._live_group, self._run, parts, self._kafka.raw_partitions)

    @told_apart()
    def begin(self) -> None:
        """See `RunWork`."""
        self._log.begin_at(self._group, self.bounds.begin)

    @told_apart()
    def places(self, now: Micros) -> Places:
        """See `RunWork`."""
        end = self.bounds.end if self.bounds.end is not None else self._log.ends()
        return Places(self.bounds.begin, self._log.raw_committed(self._group), end, now)

    @told_apart()
    def is_done(self) -> bool:
        """See `RunWork`."""
        if self.bounds.end is None:
            return False
        raw = self._log.raw_committed(self._group)
        if any(raw.get(place, 0) <= end for place, end in self.bounds.end.items()):
            return False
        topic = self._kafka.topic(purchases_of_run(self._run.id))
        return is_drained(self._kafka, topic, self._log.committed(self._group, topic))
