"""The answer to a report, as rows by name, or as columns for pandas and Arrow."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Value: TypeAlias = str | int | float
MetricTypeName: TypeAlias = Literal["integer", "currency", "float"]


@dataclass(frozen=True, slots=True)
class ApproximateMetric:
    """A metric that is estimated in this answer."""

    name: str
    relative_standard_error: float
    exact_up_to: int
    """Largest value that is still counted exactly."""


@dataclass(frozen=True, slots=True)
class ReportedRange:
    """A range of days as the server resolved it; both days count."""

    start: str
    """`YYYY-MM-DD`, in the report's time zone."""
    end: str
    name: str
    """Its name in the dimension `dateRange`."""


@dataclass(frozen=True, slots=True)
class ReportMetadata:
    """What a report is worth."""

    time_zone: str
    currency_code: str
    """Empty if no amount is in the report."""
    data_complete_until: datetime | None
    """All live events acknowledged before this instant are in the numbers. None: not known."""
    from_cache: bool
    approximate_metrics: tuple[ApproximateMetric, ...]
    bots_included: bool
    date_ranges: tuple[ReportedRange, ...] = ()
    """In the order of the request."""
    imported_data_complete_until: datetime | None = None
    """The same of events that were sent with `historical_import`; a large import is behind for minutes."""


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a report."""

    rows: list[dict[str, Value]]
    """Each row by the names of its dimensions and metrics, dimensions as strings."""
    totals: dict[str, int | float]
    """The metrics over all rows, computed anew rather than added up; with several date ranges those of the first."""
    row_count: int
    """Rows of the whole report, whatever offset and limit say."""
    metadata: ReportMetadata
    dimensions: tuple[str, ...] = ()
    """Names of the dimensions, in order."""
    metrics: tuple[tuple[str, MetricTypeName], ...] = ()
    """Names and types of the metrics, in order; amounts of money are in `metadata.currency_code`."""
    range_totals: tuple[dict[str, int | float], ...] = ()
    """The totals of each date range, in the order of `metadata.date_ranges`."""

    def to_pandas(self) -> "pd.DataFrame":
        """Return the rows as a data frame: strings, int64 and float64, in columns named as they were asked for.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas  # noqa: ICN001, PLC0415 - only who asks for it has it, and pays for its import
        except ImportError:
            raise ImportError("Report.to_pandas needs pandas: pip install pandas") from None
        dtypes = self._dtypes("string")
        return pandas.DataFrame(
            {name: pandas.Series(self._column(name), dtype=dtype) for name, dtype in dtypes.items()}
        )

    def to_arrow(self) -> "pa.Table":
        """Return the rows as an Arrow table: string, int64 and double, in columns named as they were asked for.

        Raises:
            ImportError: pyarrow is not installed.
        """
        try:
            import pyarrow  # noqa: ICN001, PLC0415
        except ImportError:
            raise ImportError("Report.to_arrow needs pyarrow: pip install pyarrow") from None
        schema = pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for name, kind in self._dtypes("string").items()])
        return pyarrow.table({name: self._column(name) for name in schema.names}, schema=schema)

    def _column(self, name: str) -> list[Value]:
        return [row[name] for row in self.rows]

    def _dtypes(self, text: str) -> dict[str, str]:
        numbers = {name: "int64" if kind == "integer" else "float64" for name, kind in self.metrics}
        return dict.fromkeys(self.dimensions, text) | numbers
