"""What the tests of contracts share: each is run on the embedded adapters, and on those of the real stack."""

from collections.abc import Iterator

import pytest

from tests.contract.report_paths import ReportPath, embedded_path
from tests.contract.report_rows import SHOP, SHOP_ITEMS, TRAVEL, TRAVEL_ITEMS, stored
from tests.integration.query_path import query_path


@pytest.fixture(scope="session", params=["embedded", pytest.param("real", marks=pytest.mark.stack)])
def path(request: pytest.FixtureRequest) -> Iterator[ReportPath]:
    """A query server with the store behind it: DuckDB in this process, or the stack's Kafka, Druid and Redis."""
    if request.param == "embedded":
        with embedded_path() as embedded:
            yield embedded
        return
    # the stack is asked for by what needs it alone
    with query_path(request.getfixturevalue("stack").addresses) as real:
        yield real


@pytest.fixture(scope="session")
def shop(path: ReportPath) -> str:
    """The property of `SHOP`."""
    return stored(path, "shop", SHOP, SHOP_ITEMS)


@pytest.fixture(scope="session")
def travel(path: ReportPath) -> str:
    """The property of `TRAVEL`."""
    return stored(path, "travel", TRAVEL, TRAVEL_ITEMS)
