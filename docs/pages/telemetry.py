"""docs/telemetry.md: every figure, from its declaration."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator

from docs.pages.tables import table
from prometheus_client.metrics import MetricWrapperBase

from footfall_core import telemetry

_GROUP = re.compile(r"# ---- (.+) ----")
_FIGURE = re.compile(r"([A-Z_]+) = (?:Counter|Gauge|Histogram)\(")

_TELEMETRY = """# Telemetry

Made from `core/footfall_core/telemetry.py` by `make docs`.

Every process answers `/metrics`, `/healthz` and `/readyz` on one HTTP port (`FOOTFALL_HEALTH_ADDRESS`), whatever kinds
it runs; `footfall status` names the ports of the local stack. `/healthz` is 200 as long as the process can answer.
`/readyz` is 200 when every kind in the process does its part, and names each: a server serves and does not drain, an
event consumer reads what it is assigned, a query consumer has been given partitions. Beside the figures below, which
all start with `footfall_`, `/metrics` shows Prometheus' usual ones of a Python process (`process_`, `python_`).

Lag, stage by stage: `footfall_commit_transaction_duration_seconds` until a batch is in the log,
`footfall_processing_lag_seconds` until its rows are, `footfall_data_complete_until_age_seconds` until Druid shows them
(the whole way). No label ever carries what a tenant can decide.
"""


def figures() -> Iterator[tuple[str, str, MetricWrapperBase]]:
    """Return every figure, in the order of declaration: its group, the name in Python, the figure."""
    group = ""
    for line in inspect.getsource(telemetry).splitlines():
        if found := _GROUP.fullmatch(line):
            group = found[1]
        elif found := _FIGURE.match(line):
            yield group, found[1], getattr(telemetry, found[1])


def telemetry_page() -> str:
    """Return docs/telemetry.md."""
    groups: defaultdict[str, list[list[str]]] = defaultdict(list)
    for group, _, figure in figures():
        (family,) = figure.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in figure._labelnames)  # noqa: SLF001 - there is no public name
        groups[group].append([f"`{name}`", _kind(figure, family.type), labels, family.documentation])
    parts = [
        f"## {group[0].upper()}{group[1:]}\n\n{table(('figure', 'kind', 'labels', 'meaning'), rows)}\n"
        for group, rows in groups.items()
    ]
    return "\n".join([_TELEMETRY, *parts])


def _kind(figure: MetricWrapperBase, kind: str) -> str:
    bounds = figure._kwargs.get("buckets")  # noqa: SLF001 - there is no public name
    return f"{kind}, {bounds[0]:g} to {bounds[-1]:g}" if bounds else kind
