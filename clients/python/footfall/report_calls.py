"""Reports, as a client asks for them."""

from collections.abc import Sequence
from typing import Unpack

from footfall.asking import Asking
from footfall.metadata import Metadata, metadata_request, read_metadata
from footfall.report import Report
from footfall.reports import Day, ReportOptions, read_report, report_request


class ReportCalls(Asking):
    """The part of a client that reads reports."""

    def report(
        self,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        start: Day | None = None,
        end: Day | None = None,
        *,
        timeout: float = 30.0,
        **options: Unpack[ReportOptions],
    ) -> Report:
        """Return a report.

        Args:
            dimensions: names to group by, for example `date` or `pagePath`.
            metrics: names to compute, for example `eventCount` or `totalUsers`.
            start: the first day: a date, `YYYY-MM-DD`, `today`, `yesterday` or `NdaysAgo`, in the report's time zone.
            end: the last day, in the same forms; it counts too.
            timeout: seconds for all attempts together.
            **options: `date_ranges`, `dimension_filter`, `metric_filter`, `order_by`, `offset`, `limit`, `time_zone`,
                `include_bots`, `currency_code`, `min_data_complete_until`, `min_imported_data_complete_until`: see
                `footfall.reports.ReportOptions`.

        Raises:
            RefusedError: the server refuses the report, and says why.
            GivenUpError: it could not be had in time.
            TypeError: an argument is of the wrong type, or there is no such option.
            ValueError: days are missing or given twice, or `order_by` names what is not in the report.
            RuntimeError: the client is closed, or was made before a fork.
        """
        request = report_request(self._property_id, dimensions, metrics, start, end, **options)
        return read_report(self._ask(self._queries.RunReport, request, timeout))

    def metadata(self, *, timeout: float = 30.0) -> Metadata:
        """Return the dimensions and metrics that a report may ask for, with their definitions.

        Raises:
            RefusedError: the server refuses to say.
            GivenUpError: it could not be had within `timeout` seconds.
            RuntimeError: the client is closed, or was made before a fork.
        """
        return read_metadata(self._ask(self._queries.GetMetadata, metadata_request(self._property_id), timeout))
