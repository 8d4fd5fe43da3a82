"""The order of texts: that of UTF-16, wherever rows are put in order."""

from dataclasses import replace

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from footfall_adapters.duckdb.dimensions import ordered
from footfall_core.clock import Micros
from footfall_core.report.answer import ReportRow
from footfall_core.report.plan import OrderTerm
from footfall_core.report.planner import plan_report
from footfall_core.report.row_values import in_order
from tests.contract.reports import report_request

AT_THE_EDGES = "az\ud7fe\ud7ff\ue000\ufb01\uffff\U00010000\U00010001\U0001f600\U0010ffff"
texts = st.lists(st.text(AT_THE_EDGES) | st.text(st.characters(exclude_categories=["Cs"])), max_size=20)


@given(texts)
def test_texts_are_put_in_the_order_of_their_utf_16_code_units(values: list[str]) -> None:
    plan = replace(plan_report(report_request("shop", ["eventCount"], ["pagePath"]), Micros(0)), order=())
    expected = sorted(values, key=lambda text: text.encode("utf-16-be"))
    for descending in (False, True):
        by_path = replace(plan, order=(OrderTerm("pagePath", descending),))
        rows = in_order([ReportRow((value,), (1,)) for value in values], by_path)
        assert [row.dimensions[0] for row in rows] == (expected[::-1] if descending else expected)


@given(texts)
def test_duckdb_puts_texts_in_the_order_of_their_utf_16_code_units(values: list[str]) -> None:
    asked = f"SELECT d0 FROM (SELECT unnest($1::VARCHAR[]) AS d0) ORDER BY {ordered('pagePath', 'd0')}"
    with duckdb.connect() as connection:
        found = [value for (value,) in connection.execute(asked, [values]).fetchall()]
    assert found == sorted(values, key=lambda text: text.encode("utf-16-be"))
