import itertools
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from footfall_core.report.days import days_between, instants, offsets_between, zone_names

YEARS = (date(2024, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Europe/Berlin",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/Havana",
        "Asia/Almaty",
    ],
)
def test_an_instants_day_follows_from_the_offsets(zone: str) -> None:
    start, end = instants(*YEARS, ZoneInfo(zone))
    offsets = offsets_between(start, end, ZoneInfo(zone))
    for day in days_between(start, end, ZoneInfo(zone)):
        for instant in (day.start, day.end - 1):
            ahead_ms = next(offset.ahead_ms for offset in offsets if instant < offset.until)
            local_day = (instant // 1000 + ahead_ms) // 86_400_000
            assert date.fromordinal(date(1970, 1, 1).toordinal() + local_day) == day.date


def test_the_days_of_a_range_follow_each_other_without_a_gap() -> None:
    zone = ZoneInfo("America/Santiago")
    start, end = instants(*YEARS, zone)
    days = days_between(start, end, zone)
    assert (days[0].start, days[-1].end, len(days)) == (start, end, 366 + 365 + 365)
    assert all(before.end == after.start for before, after in itertools.pairwise(days))


def test_a_day_that_a_zone_left_out_has_no_length() -> None:
    zone = ZoneInfo("Pacific/Apia")
    days = days_between(*instants(date(2011, 12, 29), date(2011, 12, 31), zone), zone)
    assert [(day.end - day.start) // 3_600_000_000 for day in days] == [24, 0, 24]


def test_zone_names_are_places_and_not_files() -> None:
    assert {"UTC", "Europe/Berlin", "Asia/Kolkata"} <= zone_names()
    assert not {"localtime", "posixrules", "Factory", "Europe", ""} & zone_names()
