import zlib

import pytest

from footfall_core.errors.storms import LeftOut, Sampler, StormRule

RULE = StormRule(first=3, window_ms=1_000, one_in=10)
KIND, OTHER = (2, 1), (2, 5)
IN_SAMPLE = next(each for each in map(str, range(1_000)) if zlib.crc32(each.encode()) % 10 == 0)
NOT_IN_SAMPLE = next(each for each in map(str, range(1_000)) if zlib.crc32(each.encode()) % 10 == 5)


def test_the_first_of_a_kind_are_pushed_and_then_the_sample_alone() -> None:
    sampler = Sampler(RULE)
    assert [sampler.pushes(0, 5_000, KIND, NOT_IN_SAMPLE) for _ in range(5)] == [True, True, True, False, False]
    assert sampler.pushes(0, 5_000, KIND, IN_SAMPLE)


def test_each_kind_and_each_partition_has_its_own_first_ones() -> None:
    sampler = Sampler(RULE)
    for _ in range(10):
        sampler.pushes(0, 5_000, KIND, NOT_IN_SAMPLE)
    assert not sampler.pushes(0, 5_000, KIND, NOT_IN_SAMPLE)
    assert sampler.pushes(0, 5_000, OTHER, NOT_IN_SAMPLE)
    assert [sampler.pushes(1, 5_000, KIND, NOT_IN_SAMPLE) for _ in range(4)] == [True, True, True, False]


def test_a_window_is_a_whole_multiple_and_what_comes_late_counts_in_the_newest() -> None:
    sampler = Sampler(RULE)
    assert [sampler.pushes(0, ms, KIND, NOT_IN_SAMPLE) for ms in (5_998, 5_999, 5_000)] == [True] * 3
    assert not sampler.pushes(0, 5_999, KIND, NOT_IN_SAMPLE)
    assert [sampler.pushes(0, ms, KIND, NOT_IN_SAMPLE) for ms in (6_000, 5_999, 5_999, 5_999)] == [True] * 3 + [False]


def test_readers_of_the_same_log_take_the_same_ones() -> None:
    log = [(number // 500, (2, number % 3), str(number)) for number in range(5_000)]
    one, other = Sampler(RULE), Sampler(RULE)
    taken = [[one.pushes(0, *each) for each in log], [other.pushes(0, *each) for each in log]]
    assert taken[0] == taken[1]
    # one that comes later has the same sample, whatever else it has
    late = Sampler(RULE)
    for each in log[2_500:]:
        assert late.pushes(0, *each) or not RULE.samples(each[2])


def test_without_a_rule_everything_is_pushed() -> None:
    sampler = Sampler(None)
    assert all(sampler.pushes(0, 0, KIND, NOT_IN_SAMPLE) for _ in range(100))


@pytest.mark.parametrize("one_in", [1, 7, 1_000])
def test_the_sample_is_about_one_in_so_many(one_in: int) -> None:
    rule = StormRule(0, 1_000, one_in)
    sampled = sum(rule.samples(f"error-{number}") for number in range(50_000))
    assert 0.8 < sampled * one_in / 50_000 < 1.2


def test_what_is_left_out_is_added_up_by_kind_and_knows_how_far_it_goes() -> None:
    one, later = LeftOut(), LeftOut()
    assert not one
    one.add(0, 7, KIND)
    one.add(1, 3, OTHER)
    later.add(0, 9, KIND)
    one.join(later)
    assert one
    assert list(one.counts()) == [(KIND, 2), (OTHER, 1)]
    assert one.places == {0: 10, 1: 4}
