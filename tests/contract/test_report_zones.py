"""Days and hours by the clocks of a zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.contract.report_paths import ReportPath
from tests.contract.report_rows import event, stored
from tests.contract.reports import report_request, table


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", [("2026-03-28", 2), ("2026-03-29", 2), ("2026-03-30", 3), ("2026-03-31", 2)]),
        ("Europe/Berlin", [("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 4), ("2026-03-31", 2)]),
        ("Asia/Kathmandu", [("2026-03-29", 2), ("2026-03-30", 5), ("2026-03-31", 2)]),  # UTC+5:45
        ("America/St_Johns", [("2026-03-28", 2), ("2026-03-29", 2), ("2026-03-30", 3), ("2026-03-31", 2)]),
        ("Pacific/Kiritimati", [("2026-03-29", 2), ("2026-03-30", 2), ("2026-03-31", 5)]),  # UTC+14
        # since 2024 at UTC+5, of which the zone data in Druid 33 know nothing
        ("Asia/Almaty", [("2026-03-29", 2), ("2026-03-30", 5), ("2026-03-31", 2)]),
    ],
)
@pytest.mark.parametrize("also", [[], ["hostName"]])
def test_days_begin_in_the_zone_that_was_asked_for(
    path: ReportPath, shop: str, zone: str, expected: list[tuple[str, int]], also: list[str]
) -> None:
    response = path.ask(report_request(shop, ["eventCount"], ["date", *also], time_zone=zone))
    days: dict[str, int] = {}
    for day, *_, count in table(response):
        days[day] = days.get(day, 0) + count
    assert sorted(days.items()) == expected
    assert response.metadata.time_zone == zone


def test_a_range_of_one_day_holds_that_day_alone(path: ReportPath, shop: str) -> None:
    request = report_request(
        shop, ["eventCount"], ["date"], days=("2026-03-29", "2026-03-29"), time_zone="Europe/Berlin"
    )
    assert table(path.ask(request)) == [("2026-03-29", 2)]


CHANGES = [
    # Berlin puts its clocks forward at 01:00 UTC: 01:59:59, then 03:00
    "2026-03-29T00:59:59",
    "2026-03-29T01:00:00",
    # Lord Howe puts its clocks back by half an hour at 15:00 UTC: 01:45 at +11:00, then 01:40 and 02:00 at +10:30
    "2026-04-04T14:45:00",
    "2026-04-04T15:10:00",
    "2026-04-04T15:30:00",
    # and forward at 15:30 UTC: 01:59:59, then 02:30 and 03:00
    "2026-10-03T15:29:59",
    "2026-10-03T15:30:00",
    "2026-10-03T16:00:00",
    # Berlin puts its clocks back at 01:00 UTC: 02:30 comes twice
    "2026-10-25T00:30:00",
    "2026-10-25T01:30:00",
    "2026-10-25T02:30:00",
    # Kolkata is at +5:30, Kathmandu at +5:45: a second before their midnights, and these
    "2026-12-01T18:14:59",
    "2026-12-01T18:15:00",
    "2026-12-01T18:29:59",
    "2026-12-01T18:30:00",
]


@pytest.fixture(scope="module")
def clocks(path: ReportPath) -> str:
    return stored(path, "clocks", [event(when, "tick") for when in CHANGES])


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Berlin", "2026-03-29", [("2026-03-29T01", 1), ("2026-03-29T03", 1)]),
        ("Europe/Berlin", "2026-10-25", [("2026-10-25T02", 2), ("2026-10-25T03", 1)]),
        ("Australia/Lord_Howe", "2026-04-05", [("2026-04-05T01", 2), ("2026-04-05T02", 1)]),
        ("Australia/Lord_Howe", "2026-10-04", [("2026-10-04T01", 1), ("2026-10-04T02", 1), ("2026-10-04T03", 1)]),
        ("Asia/Kathmandu", "2026-12-01", [("2026-12-01T23", 1)]),
        ("Asia/Kathmandu", "2026-12-02", [("2026-12-02T00", 3)]),
        ("Asia/Kolkata", "2026-12-01", [("2026-12-01T23", 3)]),
        ("Asia/Kolkata", "2026-12-02", [("2026-12-02T00", 1)]),
    ],
)
def test_an_hour_that_comes_twice_is_one_row_and_one_that_is_skipped_is_none(
    path: ReportPath, clocks: str, zone: str, day: str, expected: list[tuple[str, int]]
) -> None:
    by_hour = [{"dimension": "dateHour"}]
    request = report_request(clocks, ["eventCount"], ["dateHour"], days=(day, day), time_zone=zone, order_bys=by_hour)
    assert table(path.ask(request)) == expected
    of_day = report_request(
        clocks, ["eventCount"], ["hour"], days=(day, day), time_zone=zone, order_bys=[{"dimension": "hour"}]
    )
    assert table(path.ask(of_day)) == [(hour[-2:], count) for hour, count in expected]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"]
)
@pytest.mark.parametrize(("dimension", "form"), [("date", "%Y-%m-%d"), ("hour", "%H"), ("dateHour", "%Y-%m-%dT%H")])
def test_days_and_hours_are_those_that_the_zones_clocks_show(
    path: ReportPath, clocks: str, zone: str, dimension: str, form: str
) -> None:
    expected: dict[str, int] = {}
    for when in CHANGES:
        shown = datetime.fromisoformat(when).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).strftime(form)
        expected[shown] = expected.get(shown, 0) + 1
    order = [{"dimension": dimension}]
    request = report_request(clocks, ["eventCount"], [dimension], time_zone=zone, order_bys=order)
    assert table(path.ask(request)) == sorted(expected.items())
    # the same beside another dimension, and by a filter
    beside = report_request(clocks, ["eventCount"], [dimension, "eventName"], time_zone=zone, order_bys=order)
    assert [(row[0], row[2]) for row in table(path.ask(beside))] == sorted(expected.items())
    some = sorted(expected)[::2]
    chosen = {"filter": {"field_name": dimension, "in_list_filter": {"values": some, "case_sensitive": True}}}
    filtered = report_request(clocks, ["eventCount"], time_zone=zone, dimension_filter=chosen)
    assert table(path.ask(filtered)) == [(sum(expected[one] for one in some),)]


def test_today_is_the_day_that_the_zones_clocks_show(path: ReportPath) -> None:
    now = datetime.now(UTC)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # UTC+14 and UTC-11: never on the same day
        today = now.astimezone(ZoneInfo(zone)).date()
        asked = report_request("nobody-has-this", ["eventCount"], days=("1daysAgo", "today"), time_zone=zone)
        (days,) = path.ask(asked).metadata.date_ranges
        if datetime.now(UTC).astimezone(ZoneInfo(zone)).date() == today:
            assert (days.start_date, days.end_date) == ((today - timedelta(days=1)).isoformat(), today.isoformat())
            assert days.name == "date_range_0"
