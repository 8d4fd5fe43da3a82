"""`footfall serve --embedded`: all of Footfall in this process."""

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footfall_adapters.environment import SettingsError
from footfall_cli.endpoint import VARIABLE, local_endpoint
from footfall_cli.terminal import EXIT_WRONG_USE, Failure
from footfall_local.embedded.folder import DataFolder, FolderError, held, remove_left
from footfall_local.embedded.log_file import LogFile
from footfall_local.home import find_home
from footfall_local.ports import LOOPBACK, choose_ports

if TYPE_CHECKING:
    from footfall_server.hosts.grpc_aio import HostSettings

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of a fresh name is made there
"""Where files are memory on Linux; elsewhere they go where temporary files do."""

IN_MEMORY = "footfall-in-memory-"
"""How the names of folders in memory begin, and no others: what a killed process left is removed by the next one."""


def serve_embedded(data: Path | None, *, in_memory: bool, verbose: bool) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        data: the folder; None: the default one.
        in_memory: have a folder in memory, which is removed at the end.
        verbose: write the log to stderr.

    Raises:
        Failure: the folder, a setting or an address cannot be used.
    """
    import uvloop

    began = time.monotonic()
    try:
        with (
            _folder(data, in_memory=in_memory) as folder,
            held(folder) as held_folder,
            _logging(held_folder, verbose=verbose),
        ):
            uvloop.run(_serve(held_folder, began, in_memory=in_memory))
    except (FolderError, SettingsError, OSError) as error:
        raise Failure(str(error), EXIT_WRONG_USE) from None


async def _serve(data: DataFolder, began: float, *, in_memory: bool) -> None:
    from footfall_adapters.environment import read_settings
    from footfall_adapters.probes import HealthSettings, probes
    from footfall_core.vitals import Vitals
    from footfall_local.embedded.process import KINDS, embedded
    from footfall_server.hosts.grpc_aio import HostSettings, serve

    host, health = read_settings(os.environ, HostSettings, HealthSettings)
    was_empty = data.is_empty()
    host = _with_port(host, data)
    vitals = Vitals(KINDS)
    async with AsyncExitStack() as stack:
        probed = stack.enter_context(probes(health, vitals))
        routes, gate = await stack.enter_async_context(embedded(data, os.environ, vitals))

        def started(port: int) -> None:
            address = f"{host.address.rsplit(':', 1)[0]}:{port}"
            data.note_address(address, f"{LOOPBACK}:{probed}")
            _welcome(address, data, time.monotonic() - began, was_empty=was_empty, in_memory=in_memory)

        # nobody balances over it, so nobody has to see first that it is about to stop
        await serve(routes, replace(host, unready_seconds=0), gate, vitals, started)
        click.echo("Stopping: what was accepted is kept.", err=True)


def _with_port(host: "HostSettings", data: DataFolder) -> "HostSettings":
    """Return the settings with the port of the last time, where none is set and that one is free."""
    if "FOOTFALL_HOST_ADDRESS" in os.environ:
        return host
    last = (data.last_address() or "").rsplit(":", 1)[-1]
    ports = choose_ports(
        ["grpc"], wanted={}, last={"grpc": int(last)} if last.isdigit() else {}, chance=random.SystemRandom()
    )
    return replace(host, address=f"{LOOPBACK}:{ports['grpc']}")


@contextmanager
def _folder(data: Path | None, *, in_memory: bool) -> Iterator[Path]:
    if not in_memory:
        yield (find_home(Path.cwd()).folder / "embedded" if data is None else data).resolve()
        return
    parent = SHARED_MEMORY if SHARED_MEMORY.is_dir() else Path(tempfile.gettempdir())
    remove_left(parent, IN_MEMORY)
    with tempfile.TemporaryDirectory(prefix=IN_MEMORY, dir=parent) as folder:
        yield Path(folder)


@contextmanager
def _logging(data: DataFolder, *, verbose: bool) -> Iterator[None]:
    from footfall_adapters.logs import log_json_lines

    if verbose:
        log_json_lines("embedded")
        yield
        return
    with closing(LogFile(data.log_lines)) as lines:
        log_json_lines("embedded", lines)
        yield


def _welcome(address: str, data: DataFolder, seconds: float, *, was_empty: bool, in_memory: bool) -> None:
    where = "in memory, gone when it ends" if in_memory else _shown(data.folder)
    click.echo(f"Footfall is up after {seconds:.1f} s.")
    click.echo(f"  gRPC   {address}")
    click.echo(f"  data   {where}{' (empty: nothing was stored yet)' if was_empty else ''}")
    if not in_memory:
        click.echo(f"  log    {_shown(data.log_lines)}")
    click.echo("Try, in another terminal:")
    program = "footfall" if shutil.which("footfall") else _shown(Path(sys.argv[0]).absolute())
    # what those commands would call by themselves may be something else: the stack, if it is up as well
    named = ""
    if address != (os.environ.get(VARIABLE) or local_endpoint()):
        named = f' --endpoint {address} --key "$(cat {_shown(data.keys.development_key)})"'
    click.echo(f"  {program} demo{named}")
    click.echo(f"  {program} report --property demo-shop --dimensions date --metrics eventCount,totalUsers{named}")
    click.echo("Ctrl-C stops it.")


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
