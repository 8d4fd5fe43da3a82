import random

from footfall_adapters.kafka.recent_errors import OVERHEAD_BYTES, RecentErrors, RecordedError


def recorded(offset: int, property_id: str = "shop", *, partition: int = 0, size: int = 100) -> RecordedError:
    return RecordedError(partition, offset, 1_000 + offset, property_id, b"x" * size)


def offsets(recent: RecentErrors, property_id: str = "shop") -> list[int]:
    return [each.offset for each in recent.of(property_id)]


def test_all_since_the_beginning_is_there() -> None:
    recent = RecentErrors(1_000_000, 100)
    assert not recent.has_all_behind("shop", (5,))
    recent.begin({0: 5, 1: 7}, {0: 900, 1: 900})
    recent.add(recorded(5))
    recent.add(recorded(6, "other"))
    recent.add(recorded(7))
    assert offsets(recent) == [5, 7]
    assert recent.has_all_behind("shop", (5, 7))
    assert recent.has_all_behind("shop", (8, 9))
    assert not recent.has_all_behind("shop", (4, 7))
    assert not recent.has_all_behind("shop", (5, 6))
    assert recent.has_all_since("shop", 900)
    assert not recent.has_all_since("shop", 899)


def test_what_is_beyond_the_bytes_is_dropped_the_oldest_first() -> None:
    recent = RecentErrors(10 * (100 + OVERHEAD_BYTES), 100)
    recent.begin({0: 0}, {0: 0})
    for offset in range(25):
        recent.add(recorded(offset, "shop" if offset % 2 else "other"))
    assert offsets(recent) == [15, 17, 19, 21, 23]
    assert offsets(recent, "other") == [16, 18, 20, 22, 24]
    assert recent.has_all_behind("shop", (15,))
    assert not recent.has_all_behind("shop", (14,))
    assert recent.has_all_since("shop", 1_015)
    assert not recent.has_all_since("shop", 1_014)


def test_one_propertys_storm_drives_no_other_out() -> None:
    recent = RecentErrors(1_000_000, 50)
    recent.begin({0: 0}, {0: 0})
    recent.add(recorded(0, "quiet"))
    for offset in range(1, 10_000):
        recent.add(recorded(offset, "storm", size=1_000))
    assert offsets(recent, "quiet") == [0]
    assert recent.has_all_behind("quiet", (0,))
    assert offsets(recent, "storm") == list(range(9_950, 10_000))
    assert recent.has_all_behind("storm", (9_950,))
    assert not recent.has_all_behind("storm", (9_949,))
    assert not recent.has_all_since("storm", 1_000 + 9_949)
    assert recent.has_all_since("storm", 1_000 + 9_950)


def test_the_bytes_are_of_what_is_there_and_not_of_what_a_storm_has_dropped() -> None:
    recent = RecentErrors(60 * (100 + OVERHEAD_BYTES), 50)
    recent.begin({0: 0}, {0: 0})
    recent.add(recorded(0, "quiet"))
    for offset in range(1, 1_000):
        recent.add(recorded(offset, "storm"))
    assert offsets(recent, "quiet") == [0]  # 51 of 60 are taken
    for offset in range(1_000, 1_010):
        recent.add(recorded(offset, f"other-{offset}"))
    assert offsets(recent, "quiet") == []
    assert recent.has_all_behind("quiet", (1,))
    assert not recent.has_all_behind("quiet", (0,))
    assert offsets(recent, "storm") == list(range(950, 1_000))


def test_what_a_property_lost_is_not_forgotten_with_its_last_record() -> None:
    recent = RecentErrors(2 * (100 + OVERHEAD_BYTES), 1)
    recent.begin({0: 0, 1: 0}, {0: 0, 1: 0})
    # its first one is dropped for its own bound, and its second one for the bytes
    recent.add(recorded(7, partition=1))
    recent.add(recorded(3, partition=0))
    for offset in range(4, 10):
        recent.add(recorded(offset, f"other-{offset}", partition=0))
    assert offsets(recent) == []
    assert not recent.has_all_behind("shop", (10, 7))
    assert recent.has_all_behind("shop", (10, 8))


def test_without_bytes_nothing_is_kept_and_the_end_alone_is_known() -> None:
    recent = RecentErrors(0, 100)
    recent.begin({0: 5}, {0: 900})
    recent.add(recorded(5))
    assert offsets(recent) == []
    assert recent.has_all_behind("shop", (6,))
    assert not recent.has_all_behind("shop", (5,))


def test_whatever_is_dropped_nobody_is_told_that_all_is_there() -> None:
    chance = random.Random(3)
    for _ in range(30):
        recent = RecentErrors(chance.randrange(2_000, 30_000), chance.randrange(1, 12))
        recent.begin({0: 0, 1: 0}, {0: 0, 1: 0})
        log: list[RecordedError] = []
        nexts = [0, 0]
        for _ in range(200):
            partition = chance.randrange(2)
            found = recorded(nexts[partition], chance.choice("aab"), partition=partition, size=chance.randrange(300))
            nexts[partition] += chance.randrange(1, 3)
            log.append(found)
            recent.add(found)
            for property_id in "ab":
                kept = {(each.partition, each.offset) for each in recent.of(property_id)}
                place = (chance.randrange(nexts[0] + 1), chance.randrange(nexts[1] + 1))
                missing = [
                    each
                    for each in log
                    if each.property_id == property_id and (each.partition, each.offset) not in kept
                ]
                if recent.has_all_behind(property_id, place):
                    assert all(each.offset < place[each.partition] for each in missing)
                start = 1_000 + chance.randrange(max(nexts) + 1)
                if recent.has_all_since(property_id, start):
                    assert all(each.recorded_ms < start for each in missing)
