"""What a process has: memory, descriptors, tasks, and calls that have not ended."""

import json
from dataclasses import dataclass

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.embedded import Embedded
from tests.fuzz.calls import NEVER
from tests.fuzz.counted_embedded import TASKS


@dataclass(frozen=True)
class Figures:
    """Of one process at one time."""

    memory_mib: int
    descriptors: int
    threads: int
    tasks: int
    """Of asyncio."""
    open_calls: int
    failures: int
    """Calls that ended in a way that none may, as the process itself has counted them: also those whose client left."""

    def __str__(self) -> str:
        return (
            f"{self.memory_mib} MiB, {self.descriptors} descriptors, {self.threads} threads, {self.tasks} tasks, "
            f"{self.open_calls} open calls, {self.failures} failures"
        )


def figures_of(process: Embedded) -> Figures:
    """Return the figures of a process that `counted_embedded` runs."""
    address = json.loads(process.data.address.read_bytes())["health"]
    text = httpx.get(f"http://{address}/metrics").text
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    seen = psutil.Process(process.pid)
    return Figures(
        memory_mib=seen.memory_info().rss >> 20,
        descriptors=seen.num_fds(),
        threads=seen.num_threads(),
        tasks=sum(int(each.value) for each in found if each.name == TASKS),
        open_calls=sum(int(each.value) for each in found if each.name == "footfall_rpcs_open"),
        failures=sum(
            int(each.value) for each in found if each.name == "footfall_rpcs_total" and each.labels["code"] in NEVER
        ),
    )
