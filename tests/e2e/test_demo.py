"""The demo on the real stack: reports say what its generator says, and a second run changes nothing."""

import re
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from footfall_cli.demo.figures import Figures
from footfall_cli.demo.history import arrivals_on
from footfall_cli.demo.rhythm import day_ends
from footfall_cli.demo.settings import Demo
from tests.e2e.conftest import Footfall

SHOP = Demo(seed=6, visits=80)
LAST = date(2026, 3, 15)
DAYS = [LAST - timedelta(days=ago) for ago in reversed(range(7))]
SPAN = ("--from", str(DAYS[0]), "--to", str(LAST), "--timezone", "Europe/Berlin", "--json")


def generated() -> Figures:
    """Return what the generator says of the days."""
    figures = Figures()
    for day in DAYS:
        for arrival in arrivals_on(SHOP, day):
            if arrival.at_micros < day_ends(LAST):
                figures.add(arrival)
    return figures


def demo(footfall: Footfall, property_id: str, *more: str) -> Any:
    arguments = ("--seed", str(SHOP.seed), "--visits", str(SHOP.visits), "--days", str(len(DAYS)))
    return footfall("demo", "--property", property_id, *arguments, "--until", str(LAST), *more)


def reported(footfall: Footfall, property_id: str) -> dict[str, Any]:
    """Return the figures of the generator, as reports and the list of errors have them."""

    def report(*arguments: str) -> Any:
        return footfall("report", "--property", property_id, *arguments, *SPAN).json

    by_name = report("--dimensions", "eventName", "--metrics", "eventCount", "--include-bots")
    events = {row["eventName"]: row["eventCount"] for row in by_name["rows"]}
    people = report("--metrics", "eventCount")["totals"]["eventCount"]
    money = report("--dimensions", "currencyCode", "--metrics", "purchaseRevenue")["rows"]
    errors = footfall("errors", "--property", property_id, "--count", "--json").json
    counts: dict[str, int] = {}
    for count in errors["counts"]:
        counts[count["code"]] = counts.get(count["code"], 0) + count["count"]
    return {
        "events": by_name["totals"]["eventCount"] + errors["total_count"],
        "good": by_name["totals"]["eventCount"],
        "of_crawlers": by_name["totals"]["eventCount"] - people,
        "broken": dict(sorted(counts.items())),
        "purchases": events["purchase"],
        "refunds": events["refund"],
        "revenue": {row["currencyCode"]: round(row["purchaseRevenue"], 2) for row in money if row["purchaseRevenue"]},
    }


def test_a_demo_comes_out_as_it_was_generated_and_a_second_one_changes_nothing(
    footfall: Footfall, property_id: str
) -> None:
    figures = generated()
    assert (len(figures.revenue), len(figures.broken)) == (3, 7)
    assert figures.refunds > 0

    first = demo(footfall, property_id, "--json").json
    assert first["generated"] == figures.as_json()
    assert (first["accepted"], first["rejected"]) == (figures.good, figures.all_broken)
    assert first["errors"]["total_count"] == figures.all_broken
    days, channels, sellers = (first["reports"][name] for name in ("days", "channels", "best_sellers"))
    assert days["totals"]["eventCount"] == figures.good - figures.of_crawlers
    assert days["totals"]["transactions"] == figures.purchases
    assert [row["date"] for row in days["rows"]] == [str(day) for day in DAYS]
    for report, metric in ((days, "purchaseRevenue"), (channels, "purchaseRevenue"), (sellers, "itemRevenue")):
        assert round(report["totals"][metric], 2) == figures.revenue["EUR"]
    assert len(channels["rows"]) >= 8
    assert reported(footfall, property_id) == figures.as_json()

    again = demo(footfall, property_id)
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith(f"{figures.good:,} events of 7 days stored in ")
    assert again.out.endswith(f"{figures.all_broken} errors\n")
    assert reported(footfall, property_id) == figures.as_json()


def test_what_is_sent_live_is_in_reports_or_refused_as_it_should_be(footfall: Footfall, property_id: str) -> None:
    history = ("--days", "1", "--visits", "20", "--until", str(LAST))
    with footfall.running("demo", "--property", property_id, *history, "--live", "--rate", "200") as process:
        assert process.stdout is not None
        while not re.fullmatch(r"\d+ errors\n", process.stdout.readline()):
            assert process.poll() is None

        def count() -> int:
            answer = footfall(
                *("report", "--property", property_id, "--metrics", "eventCount", "--include-bots", "--json"),
                *("--from", "3daysAgo", "--to", "today"),
            )
            return int(answer.json["totals"]["eventCount"])

        until(lambda: count() >= 200)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    said = re.search(r"live for \d+ s: ([\d,]+) events sent, \d+ purchases?, (\d+) refused as they should be\n", err)
    assert said, err
    sent, refused = int(said[1].replace(",", "")), int(said[2])
    until(lambda: count() >= sent - refused)
    assert count() == sent - refused


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not found():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.2)
