"""The dedupe window, against a model that remembers everything."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from footfall.retry import RetryPolicy
from footfall_core.processing.window import (
    MAX_ABOVE,
    MAX_JUMP,
    WINDOW_KEPT,
    WINDOW_TTL,
    Sighting,
    Window,
    decode_window,
    encode_window,
)


def see(window: Window, sequence: int, fingerprint: int = 7) -> Sighting:
    sighting = window.sight(sequence, fingerprint)
    if sighting is Sighting.NEW:
        window.remember(sequence, fingerprint)
    return sighting


def test_a_writer_in_order_takes_few_bytes() -> None:
    window = Window()
    for sequence in range(1, 1001):
        assert see(window, sequence) is Sighting.NEW
    assert (window.low, window.above) == (1000, [])
    window.fingerprints.clear()
    assert len(encode_window(window)) < 20


def test_a_repeated_batch_is_a_duplicate_and_another_one_under_its_number_is_not() -> None:
    window = Window()
    see(window, 1, fingerprint=11)
    assert see(window, 1, fingerprint=11) is Sighting.DUPLICATE
    assert see(window, 1, fingerprint=12) is Sighting.REUSED


def test_reuse_is_seen_among_the_last_64_batches() -> None:
    window = Window()
    for sequence in range(1, 66):
        see(window, sequence, fingerprint=sequence)
    assert see(window, 2, fingerprint=999) is Sighting.REUSED
    assert see(window, 1, fingerprint=999) is Sighting.DUPLICATE


def test_batches_may_overtake_each_other() -> None:
    window = Window()
    assert [see(window, n) for n in (3, 1, 2, 3)] == [Sighting.NEW] * 3 + [Sighting.DUPLICATE]
    assert (window.low, window.above) == (3, [])


def test_a_sequence_too_far_ahead_is_refused_and_changes_nothing() -> None:
    window = Window()
    see(window, 1)
    assert see(window, MAX_JUMP + 2) is Sighting.JUMP
    assert see(window, MAX_JUMP + 1) is Sighting.NEW


def test_a_writer_that_is_not_known_may_begin_anywhere() -> None:
    window = Window()
    assert see(window, 5_000_000) is Sighting.NEW
    assert see(window, 5_000_001) is Sighting.NEW
    assert see(window, 5_000_001) is Sighting.DUPLICATE


def test_a_number_left_out_for_good_costs_a_few_bytes_until_it_leaves_the_window() -> None:
    window = Window()
    for sequence in (1, *range(3, MAX_ABOVE + 3)):
        assert see(window, sequence) is Sighting.NEW
    assert len(window.above) == 1
    assert see(window, MAX_ABOVE + 3) is Sighting.NEW
    assert (window.floor, window.low, window.above) == (2, MAX_ABOVE + 3, [])
    assert see(window, 2) is Sighting.TOO_OLD
    assert see(window, 3) is Sighting.DUPLICATE


def test_what_left_the_window_with_gaps_is_too_old() -> None:
    window = Window()
    for sequence in range(2, MAX_ABOVE + 2):  # 1 never comes
        assert see(window, sequence) is Sighting.NEW
    assert see(window, 1) is Sighting.NEW  # still open: exactly 4,096 lie above
    window = Window()
    for sequence in range(2, 2 * MAX_ABOVE + 4, 2):  # every second one is missing
        assert see(window, sequence) is Sighting.NEW
    assert sum(last - first + 1 for first, last in window.above) <= MAX_ABOVE
    assert see(window, 1) is Sighting.TOO_OLD
    assert see(window, 2) is Sighting.DUPLICATE
    assert see(window, 5) is Sighting.NEW


@given(st.lists(st.integers(1, 300), max_size=400))
def test_within_the_window_each_sequence_is_new_exactly_once(sequences: list[int]) -> None:
    window, seen = Window(), set[int]()
    for sequence in sequences:
        expected = Sighting.DUPLICATE if sequence in seen else Sighting.NEW
        window = decode_window(encode_window(window), now_ms=0)  # what is stored is what was meant
        assert see(window, sequence) is expected
        seen.add(sequence)


WEEK_MS = WINDOW_TTL // timedelta(milliseconds=1)


def stored(*seen_at_ms: int) -> bytes:
    """Return the window of a writer whose one batch came at some times."""
    window = Window()
    window.remember(1, 7)
    for time_ms in seen_at_ms:
        window.seen_at(time_ms)
    return encode_window(window)


def test_a_writer_is_forgotten_when_seven_days_have_passed_and_not_before() -> None:
    assert see(decode_window(stored(1_000), 1_000 + WEEK_MS), 1) is Sighting.DUPLICATE
    assert decode_window(stored(1_000), 1_000 + WEEK_MS + 1) == Window()


def test_a_record_that_is_older_than_the_one_before_makes_no_writer_older() -> None:
    assert see(decode_window(stored(1_000, 1), 1_000 + WEEK_MS), 1) is Sighting.DUPLICATE
    assert see(decode_window(stored(1_000), 1), 1) is Sighting.DUPLICATE


def test_a_window_that_says_nothing_of_its_time_is_used_as_long_as_it_is_there() -> None:
    assert see(decode_window(stored(), 1_790_000_000_000), 1) is Sighting.DUPLICATE


def test_a_window_lives_for_the_seven_days_that_are_promised_and_so_outlives_every_retry_of_the_client() -> None:
    assert timedelta(seconds=RetryPolicy().give_up_after_seconds) < WINDOW_TTL == timedelta(days=7) < WINDOW_KEPT
