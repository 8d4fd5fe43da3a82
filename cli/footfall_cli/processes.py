"""`footfall serve` and `footfall consume`: one kind of our processes, or several in one process."""

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from footfall_core.vitals import Vitals

SERVERS = {name: f"footfall_server.{name}.main" for name in ("ingest", "query", "errors", "admin")}
CONSUMERS = {
    "events": "footfall_consumers.events.main",
    "imports": "footfall_consumers.events.main",
    "queries": "footfall_consumers.queries.main",
    "runs": "footfall_consumers.reprocess.main",
    "run": "footfall_consumers.reprocess.main",
}
ALONE = frozenset({"runs", "run"})
"""What shares its process with nothing else."""


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(list(SERVERS)), metavar="[KIND...]")
@click.option("--embedded", is_flag=True, help="Run all of Footfall in this process, without any other server.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which --embedded keeps everything. Default: embedded/ in FOOTFALL_HOME or the nearest .footfall.",
)
@click.option(
    "--in-memory", is_flag=True, help="Have --embedded keep everything in memory: it is gone with the process."
)
@click.option(
    "--verbose", is_flag=True, help="Have --embedded write its log to stderr instead of a file in the folder."
)
def serve(kinds: tuple[str, ...], *, embedded: bool, data: Path | None, in_memory: bool, verbose: bool) -> None:
    """Run gRPC servers: ingest, query, errors, admin; several kinds share one port.

    Settings come from the environment; every one that is missing or wrong is named.
    """
    if embedded:
        if kinds:
            raise click.UsageError(f"--embedded runs every kind; leave out {' '.join(kinds)}.")
        if data is not None and in_memory:
            raise click.UsageError("--in-memory keeps nothing; leave --data out.")
        from footfall_cli.embedded import serve_embedded

        serve_embedded(data, in_memory=in_memory, verbose=verbose)
        return
    if data is not None or in_memory or verbose:
        raise click.UsageError("--data, --in-memory and --verbose are for --embedded.")
    if not kinds:
        raise click.UsageError(f"say which servers to run ({', '.join(SERVERS)}), or --embedded.")
    import uvloop

    _log()
    try:
        uvloop.run(_serve([import_module(SERVERS[kind]).routes for kind in dict.fromkeys(kinds)]))
    except Exception as error:  # noqa: BLE001 - the end of the process: one sentence, then the exit code
        _end(error)


async def _serve(kinds: list[Callable[[AsyncExitStack, Mapping[str, str], Any], Awaitable[list[Any]]]]) -> None:
    from footfall_adapters.environment import read_settings
    from footfall_adapters.probes import HealthSettings, probes
    from footfall_core.vitals import Vitals
    from footfall_server.access.main import gate
    from footfall_server.hosts.grpc_aio import HostSettings
    from footfall_server.hosts.grpc_aio import serve as serve_routes

    host, health = read_settings(os.environ, HostSettings, HealthSettings)
    vitals = Vitals(["host"])
    async with AsyncExitStack() as stack:
        stack.enter_context(probes(health, vitals))
        allowed = await gate(stack, os.environ)
        routes = [route for kind in kinds for route in await kind(stack, os.environ, allowed.access)]
        await serve_routes(routes, host, allowed, vitals)


@click.command()
@click.argument("kinds", nargs=-1, required=True, type=click.Choice(list(CONSUMERS)), metavar="KIND...")
@click.option("--run", "run_id", metavar="ID", help="Which reprocessing `run` is to work on.")
def consume(kinds: tuple[str, ...], *, run_id: str | None) -> None:
    """Run consumers: events, imports, queries, runs.

    Events and imports are processes of their own, so that history delays no live event. `runs` has reprocessings worked
    on, each by a process that it starts (`run`). Settings come from the environment; every one that is missing or wrong
    is named.
    """
    if (run_id is None) == ("run" in kinds):
        raise click.UsageError("`run` takes --run, and nothing else does.")
    if set(kinds) & ALONE and len(set(kinds)) > 1:
        raise click.UsageError("runs and run take a process each.")
    if {"events", "imports"} <= set(kinds):
        raise click.UsageError("events and imports take a process each: history must not delay live events.")
    _log()
    try:
        if run_id is not None:
            import_module(CONSUMERS["run"]).work(os.environ, run_id)
        else:
            _consume(set(kinds))
    except Exception as error:  # noqa: BLE001 - the end of the process: one sentence, then the exit code
        _end(error)


def _consume(kinds: set[str]) -> None:
    from footfall_adapters.environment import read_settings
    from footfall_adapters.probes import HealthSettings, probes
    from footfall_core.vitals import Vitals

    (health,) = read_settings(os.environ, HealthSettings)
    vitals = Vitals(sorted(kinds))
    with probes(health, vitals):
        _consume_with(kinds, vitals)


def _consume_with(kinds: set[str], vitals: "Vitals") -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if kinds in ({"queries"}, {"runs"}):
        (kind,) = kinds
        import_module(CONSUMERS[kind]).run(os.environ, vitals, stop)
        return
    with ThreadPoolExecutor(thread_name_prefix="queries") as beside:
        queries = None
        if "queries" in kinds:
            queries = beside.submit(import_module(CONSUMERS["queries"]).run, os.environ, vitals, stop)
            # one kind that ends ends the other, so that whoever watches the process starts both again
            queries.add_done_callback(lambda _: None if stop.is_set() else os.kill(os.getpid(), signal.SIGTERM))
        try:
            _process(kinds, vitals, stop)  # handles the signals, so it has the main thread
        finally:
            stop.set()
        if queries is not None:
            queries.result()


def _process(kinds: set[str], vitals: "Vitals", stop: threading.Event) -> None:
    from footfall_consumers.events.main import NAMES, run

    (kind,) = (kind for kind, name in NAMES.items() if name in kinds)
    run(os.environ, vitals, stop, kind)


def _log() -> None:
    from footfall_adapters.logs import log_json_lines

    log_json_lines(os.environ.get("FOOTFALL_INSTANCE_NAME", ""))


def _end(error: Exception) -> NoReturn:
    from confluent_kafka import KafkaException

    from footfall_adapters.environment import SettingsError
    from footfall_core.streams import StreamBroken, StreamUnmendableError

    if isinstance(error, SettingsError | OSError | StreamUnmendableError):
        click.echo(f"footfall: {error}", err=True)
        sys.exit(2)
    if isinstance(error, KafkaException):
        click.echo(f"footfall: Kafka: {error.args[0].str()}", err=True)
        sys.exit(3)
    if isinstance(error, StreamBroken):
        click.echo(f"footfall: {error}", err=True)
        sys.exit(3)
    import structlog

    structlog.get_logger().exception("the process ends with an error")
    sys.exit(1)
