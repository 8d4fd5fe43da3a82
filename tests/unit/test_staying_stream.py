"""A stream that breaks is followed by another one in the same process; what that cannot mend ends the process."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from structlog.testing import capture_logs

from footfall_consumers.events.staying import Pauses, StayingStream
from footfall_core import telemetry
from footfall_core.clock import Micros
from footfall_core.kinds import EventKind
from footfall_core.streams import StreamBroken, StreamFenced, StreamUnmendableError

NO_PAUSE = Pauses(first=0, longest=0)
BROKEN = StreamBroken("transaction", "not confirmed")


class Scripted:
    """A stream that ends as it is told."""

    def __init__(
        self, ending: Exception | None, ready: bool = True, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        self._ending = ending
        self._ready = ready
        self._meanwhile = meanwhile
        self.measured: list[Micros] = []

    def run(self) -> None:
        self._meanwhile()
        if self._ending is not None:
            raise self._ending

    def is_ready(self) -> bool:
        return self._ready

    def measure_lag(self, now: Micros) -> None:
        self.measured.append(now)


def staying(
    streams: Sequence[Scripted | Exception], stop: threading.Event | None = None, pauses: Pauses = NO_PAUSE
) -> StayingStream:
    left = list(streams)

    def opened() -> Scripted:
        stream = left.pop(0)
        if isinstance(stream, Exception):
            raise stream
        return stream

    return StayingStream(opened, EventKind.LIVE, stop or threading.Event(), pauses)


def restarts(reason: str) -> float:
    return telemetry.PROCESSING_RESTARTS.labels("live", reason)._value.get()


def test_another_stream_takes_the_place_of_one_that_broke_and_it_is_counted_and_said() -> None:
    before = restarts("transaction"), restarts("away")
    with capture_logs() as lines:
        staying([Scripted(BROKEN), StreamBroken("away", "no answer"), Scripted(None)]).run()
    assert (restarts("transaction"), restarts("away")) == (before[0] + 1, before[1] + 1)
    assert [(line["reason"], line["error"], line["failures"]) for line in lines] == [
        ("transaction", "not confirmed", 1),
        ("away", "no answer", 2),
    ]


@pytest.mark.parametrize("error", [StreamUnmendableError("damaged"), ValueError("a mistake of ours")])
def test_what_another_start_does_not_mend_ends_it(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        staying([Scripted(BROKEN), Scripted(error)]).run()
    with pytest.raises(type(error), match=str(error)):
        staying([Scripted(BROKEN), error]).run()


def test_one_that_is_fenced_goes_on_once_and_leaves_its_name_to_who_does_it_again() -> None:
    fenced = StreamFenced("another one of this name")
    staying([Scripted(fenced), Scripted(BROKEN), Scripted(None)]).run()
    with pytest.raises(StreamUnmendableError, match="another one of this name"):
        staying([Scripted(fenced), Scripted(BROKEN), Scripted(fenced), Scripted(None)]).run()
    for_long = Scripted(fenced, meanwhile=lambda: time.sleep(0.1))
    staying([Scripted(fenced), for_long, Scripted(None)], pauses=Pauses(0, 0, forgiven_after=0.05)).run()


def test_a_stream_that_ends_as_it_was_told_is_the_last_one() -> None:
    staying([Scripted(None)]).run()


def test_one_that_breaks_after_it_was_told_to_end_is_the_last_one() -> None:
    stop = threading.Event()
    staying([Scripted(BROKEN, meanwhile=stop.set)], stop).run()


def test_a_pause_ends_when_the_process_is_told_to_end() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    staying([Scripted(BROKEN)], stop, Pauses(first=60, longest=60)).run()
    assert time.monotonic() - began < 10


def test_it_is_ready_while_a_stream_is_and_not_between_two() -> None:
    said: list[bool] = []
    streams: list[Scripted] = []
    stream = staying(streams)
    assert not stream.is_ready()  # there is none yet

    def look() -> None:
        said.append(stream.is_ready())
        stream.measure_lag(Micros(7))

    streams += [Scripted(BROKEN, ready=True, meanwhile=look), Scripted(None, ready=False, meanwhile=look)]
    stream = staying(streams, pauses=NO_PAUSE)
    stream.run()
    assert said == [True, False]
    assert [one.measured for one in streams] == [[7], [7]]
    broken = staying([Scripted(BROKEN), StreamUnmendableError("between")])
    with pytest.raises(StreamUnmendableError):
        broken.run()
    assert not broken.is_ready()
    broken.measure_lag(Micros(8))  # there is nothing to measure, and that is no error


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = Pauses(first=0.5, longest=15)
    assert [pauses.after(failures) for failures in (1, 2, 3, 6, 7, 10_000)] == [0.5, 1, 2, 15, 15, 15]


def test_a_stream_that_went_on_for_long_is_followed_by_the_first_pause_again() -> None:
    slow = Pauses(first=0, longest=0, forgiven_after=0.05)
    with capture_logs() as lines:
        staying(
            [Scripted(BROKEN), Scripted(BROKEN), Scripted(BROKEN, meanwhile=lambda: time.sleep(0.1)), Scripted(None)],
            pauses=slow,
        ).run()
    assert [line["failures"] for line in lines] == [1, 2, 1]
