"""A real Envoy with the real configuration, before servers of a test's own."""

import asyncio
import json
import random
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from footfall_local.envoy import GatewayPlan, configuration
from footfall_local.gateway import find_envoy
from footfall_local.ports import LOOPBACK, choose_ports
from footfall_local.probes import http_ok


def addresses(*names: str) -> dict[str, str]:
    """Return an address of this machine for each name, where nothing listens yet."""
    ports = choose_ports(names, wanted={}, last={}, chance=random.Random())
    return {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def envoy(plan: GatewayPlan, folder: Path) -> AsyncIterator[None]:
    """Run the gateway, ready when this is entered; it may have logged nothing when it is left."""
    file, log = folder / "envoy.json", folder / "envoy.log"
    file.write_text(json.dumps(configuration(plan)))
    command = [find_envoy(), "-c", str(file), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=subprocess.STDOUT)
    try:
        await until(http_ok(f"http://{plan.admin_address}/ready"), 20)
        yield
        said = log.read_text()
    finally:
        process.terminate()
        await process.wait()
    # what is deprecated, and what goes wrong in a script
    assert "deprecated" not in said, said
    assert "script log" not in said, said
