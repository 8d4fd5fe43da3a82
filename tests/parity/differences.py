"""What differs between two answers, in lines that are worth reading."""

from typing import Any

import grpc

from footfall.v1 import query_pb2

Answer = query_pb2.RunReportResponse | tuple[grpc.StatusCode, str]
MOST = 5


def differences(real: Answer, embedded: Answer) -> list[str]:
    """Return what differs between Druid's and DuckDB's answer; nothing if they are alike."""
    if isinstance(real, tuple) or isinstance(embedded, tuple):
        return [] if real == embedded else [f"Druid {_short(real)}", f"DuckDB {_short(embedded)}"]
    mine, theirs = [_values(row) for row in real.rows], [_values(row) for row in embedded.rows]
    of_both = set(mine) & set(theirs)
    found = [f"only Druid {row}" for row in mine if row not in of_both][:MOST]
    found += [f"only DuckDB {row}" for row in theirs if row not in of_both][:MOST]
    if not found and mine != theirs:
        first = next(index for index, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
        found.append(f"order, from row {first} on: Druid {mine[first : first + 3]}, DuckDB {theirs[first : first + 3]}")
    for field in ("totals", "range_totals", "row_count", "metadata", "dimension_headers", "metric_headers"):
        if getattr(real, field) != getattr(embedded, field):
            found.append(f"{field}: Druid {getattr(real, field)}, DuckDB {getattr(embedded, field)}")
    return found


def _short(answer: Answer) -> str:
    return str(answer) if isinstance(answer, tuple) else f"{len(answer.rows)} rows"


def _values(row: query_pb2.Row) -> tuple[Any, ...]:
    numbers = (getattr(value, value.WhichOneof("value") or "") for value in row.metric_values)
    return (*row.dimension_values, *numbers)
