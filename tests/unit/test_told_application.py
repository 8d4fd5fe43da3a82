"""An application that ends by itself when its consumer does not come back to its group."""

import os
import signal
import threading
import time
from unittest import mock

import pytest
from quixstreams import Application

from footfall_adapters.kafka.membership import Membership
from footfall_adapters.kafka.told_application import STOP_AGAIN_SECONDS, ToldApplication
from footfall_core.streams import StreamBroken
from tests.e2e.processes import wait_for


class Consumer:
    def memberid(self) -> str:
        return ""


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> ToldApplication:
    """One that goes on until it is stopped, without Kafka."""
    stopped = threading.Event()

    def run(application: ToldApplication) -> None:
        application._setup_signal_handlers()
        assert stopped.wait(30)
        application._exception_handler(None, None, None)  # as Quix Streams does, whatever has ended it

    monkeypatch.setattr(Application, "__init__", lambda *_, **__: None)
    monkeypatch.setattr(Application, "_consumer", mock.Mock(), raising=False)
    monkeypatch.setattr(Application, "run", run)
    monkeypatch.setattr(Application, "stop", lambda *_: stopped.set())
    return ToldApplication(threading.Event(), broker_address="nobody")


def test_one_whose_consumer_is_lost_is_broken_and_the_process_is_not_told_to_end(application: ToldApplication) -> None:
    with pytest.raises(StreamBroken) as broken:
        application.run_until_told(Membership(Consumer(), longest_absence=0))
    assert broken.value.reason == "lost"
    assert application.has_ended
    assert not application._told.is_set()


def test_one_that_forgets_that_it_was_stopped_is_stopped_again(
    application: ToldApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops: list[None] = []
    monkeypatch.setattr(Application, "stop", lambda *_: stops.append(None))
    monkeypatch.setattr(Application, "run", lambda _: wait_for("another stop", lambda: len(stops) > 1 or None, 5))
    with pytest.raises(StreamBroken):
        application.run_until_told(Membership(Consumer(), longest_absence=0))


def test_a_consumer_that_is_being_closed_is_not_asked(
    application: ToldApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closing(Membership):
        def is_lost(self) -> bool:
            asked.append(application.has_ended)
            return False

    def fails(application: ToldApplication) -> None:
        wait_for("a first look", lambda: asked or None)
        application.has_ended = True
        time.sleep(3 * STOP_AGAIN_SECONDS)  # is the closing itself

    asked: list[bool] = []
    monkeypatch.setattr(Application, "run", fails)
    application.run_until_told(Closing(Consumer()))
    assert set(asked) == {False}


def test_one_that_is_told_to_end_just_ends(application: ToldApplication) -> None:
    application._told.set()
    application.run_until_told(Membership(Consumer(), longest_absence=60))
    assert application.has_ended


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_tells_the_whole_process_to_end(
    application: ToldApplication, monkeypatch: pytest.MonkeyPatch, told_by: signal.Signals
) -> None:
    run = Application.run

    def signalled(application: ToldApplication) -> None:
        application._setup_signal_handlers()  # before the signal comes, however long that takes
        threading.Timer(0.1, os.kill, (os.getpid(), told_by)).start()
        run(application)

    monkeypatch.setattr(Application, "run", signalled)
    application.run_until_told(Membership(Consumer(), longest_absence=60))
    assert application._told.is_set()
