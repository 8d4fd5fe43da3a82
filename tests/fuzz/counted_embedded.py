"""The embedded process, which also says how many asyncio tasks it has.

python -m tests.fuzz.counted_embedded FOLDER
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from prometheus_client import Gauge

from footfall_cli import embedded

PROGRAM = ("-m", "tests.fuzz.counted_embedded")

TASKS = "test_asyncio_tasks"


def _counted(serve: Any) -> Any:
    async def counting(*arguments: Any, **more: Any) -> None:
        loop = asyncio.get_running_loop()
        Gauge(TASKS, "Tasks of the event loop.").set_function(lambda: len(asyncio.all_tasks(loop)))
        await serve(*arguments, **more)

    return counting


if __name__ == "__main__":
    embedded._serve = _counted(embedded._serve)
    embedded.serve_embedded(Path(sys.argv[1]), in_memory=False, verbose=False)
