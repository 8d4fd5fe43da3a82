"""The supervising process: `python -m footfall_local.supervise --home FOLDER`. Started by `footfall_local.stack`."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import structlog

from footfall_local import catalogue
from footfall_local.home import Home
from footfall_local.identity import Identity, identify, is_running
from footfall_local.restarts import RestartPolicy
from footfall_local.stack_file import StackReport
from footfall_local.supervisor import Supervisor

OWNER_POLL_S = 0.5

log = structlog.get_logger()


@click.command()
@click.option("--home", "folder", type=click.Path(path_type=Path), required=True, help="The stack's folder.")
@click.option("--owner", type=int, help="End when this process has ended.")
def main(folder: Path, owner: int | None) -> None:
    """Run the planned stack until SIGTERM."""
    home = Home(folder)
    with alone(home):
        plan = catalogue.read_plan(home.plan_file)
        me = identify(os.getpid())
        if plan is None or me is None:
            raise click.ClickException(f"There is no plan in {home.folder}.")
        report = StackReport(supervisor=me, endpoints=catalogue.endpoints(plan))
        supervisor = Supervisor(home, catalogue.build(plan, home), report, RestartPolicy())
        asyncio.run(run_until_told(supervisor, owner=None if owner is None else identify(owner)))


@contextlib.contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold the home's lock, which ends with the process however it ends.

    Raises:
        click.ClickException: another supervisor holds it.
    """
    with home.lock_file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException("Another supervisor runs this stack.") from None
        yield


async def run_until_told(supervisor: Supervisor, *, owner: Identity | None) -> None:
    """Run the parts until SIGTERM or SIGINT, or until the owner has ended; then end them."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    running = [asyncio.create_task(supervisor.run()), asyncio.create_task(told.wait())]
    if owner is not None:
        running.append(asyncio.create_task(_gone(owner)))
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for task in done:
            task.result()
    finally:
        await supervisor.stop()
    log.info("stopped")


async def _gone(owner: Identity) -> None:
    while is_running(owner):  # noqa: ASYNC110 - another process sets no event here
        await asyncio.sleep(OWNER_POLL_S)


if __name__ == "__main__":
    main()
