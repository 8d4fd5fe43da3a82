"""Several queries at a time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def side_by_side(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Return what the parts return, in their order; the first that fails ends the others and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
