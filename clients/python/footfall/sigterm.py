"""Gives events a last chance when the process is told to end, and then lets it end as it would have.

Only where SIGTERM would have ended the process at once: a program that handles it itself closes its clients itself.

A thread does the work, because whatever the signal interrupted may hold a lock that flushing needs. It is told by
Python's own handler of the signal, through a pipe, and not by ours alone: that one runs when the main thread comes back
to Python, and a main thread that was just about to wait for something does not.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

SECONDS_BETWEEN_REMINDERS = 0.1

_flushes: list[Callable[[], object]] = []


class _Watch:
    """What is there while SIGTERM is ours."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.signals = 0
        self.flushed = False
        self.told, self.tell = os.pipe()
        os.set_blocking(self.tell, False)
        self.hear()
        signal.signal(signal.SIGTERM, self.on_signal)
        threading.Thread(target=self.run, name="footfall-sigterm", daemon=True).start()

    def hear(self) -> None:
        """Let Python tell of signals, if it tells nobody else; from the main thread."""
        others = signal.set_wakeup_fd(self.tell, warn_on_full_buffer=False)
        if others not in (-1, self.tell):
            signal.set_wakeup_fd(others, warn_on_full_buffer=False)

    def be_deaf(self) -> None:
        """Let Python tell nobody of signals; from the main thread."""
        others = signal.set_wakeup_fd(-1)
        if others not in (-1, self.tell):
            signal.set_wakeup_fd(others, warn_on_full_buffer=False)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Have everything flushed; end the process after that, at the second signal, or in a forked child."""
        self.signals += 1
        if self.flushed or self.signals > 1 or not _flushes or os.getpid() != self.process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        else:
            os.write(self.tell, bytes([number]))

    @property
    def is_asked(self) -> bool:
        """Whether the program left SIGTERM to this."""
        return signal.getsignal(signal.SIGTERM) == self.on_signal

    def run(self) -> None:
        """Wait for a SIGTERM, flush, and end the process."""
        # it is told of all signals, also of those that the program handles by now
        while (heard := os.read(self.told, 1)) != bytes([signal.SIGTERM]) or not self.is_asked:
            if heard in (b"", b"\0"):
                os.close(self.told)
                return
        for flush in tuple(_flushes):
            flush()
        self.flushed = True
        while self.is_asked:
            # the main thread alone runs handlers, and is woken by this from whatever it waits for
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
            time.sleep(SECONDS_BETWEEN_REMINDERS)

    def end(self) -> None:
        """Stop the thread; from the main thread."""
        self.be_deaf()
        os.write(self.tell, b"\0")
        os.close(self.tell)


_watch: _Watch | None = None


def flush_at_sigterm(flush: Callable[[], object]) -> None:
    """Call this at SIGTERM, on a thread of its own, if the process would just end otherwise.

    Does nothing on another than the main thread, which alone may say what becomes of signals, or where there are none.
    """
    global _watch  # noqa: PLW0603 - a process has one SIGTERM
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        _watch = _Watch()
    if _watch is not None and _watch.is_asked:
        _flushes.append(flush)


def forget_at_sigterm(flush: Callable[[], object]) -> None:
    """Do not call this at SIGTERM any more."""
    global _watch  # noqa: PLW0603
    with suppress(ValueError):
        _flushes.remove(flush)
    if _flushes or _watch is None or threading.current_thread() is not threading.main_thread():
        return
    if _watch.is_asked:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _watch.end()
    _watch = None


class _Masks(threading.local):
    """What a thread that forks had blocked before."""

    before: set[int] | None = None


_masks = _Masks()


def _before_fork() -> None:
    # a signal that comes to a child before it has let go of its parent's thread waits until it has
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}) if _watch is not None else None


def _after_fork_in_parent() -> None:
    if _masks.before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _after_fork_in_child() -> None:
    global _watch
    watch, _watch = _watch, None
    _flushes.clear()
    if watch is not None:
        watch.be_deaf()
        os.close(watch.told)
        os.close(watch.tell)
        if watch.is_asked:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _masks.before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
