"""What independent programs say of the real log; see ../shared/data/README.md. All with crawlers."""

from typing import Any

from tests.e2e.conftest import Footfall

DAYS = ("2015-05-17", "2015-05-18", "2015-05-19", "2015-05-20")
EVENTS = {"2015-05-17": 1632, "2015-05-18": 2893, "2015-05-19": 2896, "2015-05-20": 2579}
VISITORS = {"2015-05-17": 365, "2015-05-18": 660, "2015-05-19": 586, "2015-05-20": 533}

EXPECTED: dict[str, Any] = {
    "events": EVENTS,
    "events in total": 10_000,
    "visitors": VISITORS,
    "visitors over the four days": 1_862,
    "referrers that begin with google's": 228,
    "referrers that contain its host": 285,
    "requests of exactly /projects/xdotool/": 224,
}

BEGINS_WITH_GOOGLE = (
    'startsWith(pageReferrer, "http://www.google.com/") OR startsWith(pageReferrer, "https://www.google.com/")'
)
CONTAINS_GOOGLE = 'contains(pageReferrer, "www.google.com")'


def figures(footfall: Footfall, property_id: str) -> dict[str, Any]:
    """Return the same figures as the reports have them."""

    def report(*arguments: str) -> Any:
        between = ("--from", DAYS[0], "--to", DAYS[-1], "--include-bots", "--json")
        return footfall(
            "report", "--property", property_id, "--metrics", "eventCount,totalUsers", *between, *arguments
        ).json

    def count(expression: str) -> int:
        return int(report("--filter", expression)["totals"]["eventCount"])

    by_day = report("--dimensions", "date")
    return {
        "events": {row["date"]: row["eventCount"] for row in by_day["rows"]},
        "events in total": by_day["totals"]["eventCount"],
        "visitors": {row["date"]: row["totalUsers"] for row in by_day["rows"]},
        "visitors over the four days": by_day["totals"]["totalUsers"],
        "referrers that begin with google's": count(BEGINS_WITH_GOOGLE),
        "referrers that contain its host": count(CONTAINS_GOOGLE),
        "requests of exactly /projects/xdotool/": count('pagePath = "/projects/xdotool/"'),
    }
