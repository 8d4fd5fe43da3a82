"""The settings of Druid's roles: common ones, and what is special about each."""

from collections.abc import Mapping

from footfall_core.columns import TABLES, TABLES_OF_KINDS, TICKED
from footfall_core.runs.asking import MAX_UNDER_WAY
from footfall_local.home import Home
from footfall_local.parts import Addresses
from footfall_local.ports import LOOPBACK

MiB = 1024 * 1024

TABLES_OF_A_RUN = sum(len(TABLES_OF_KINDS[name]) for name in TICKED)

PLACES = 2 * (len(TABLES) + MAX_UNDER_WAY * TABLES_OF_A_RUN)
"""Tasks that the indexer can run at a time: of each table one, and its successor while it publishes; of the live run
and of as many others as may keep up with it. With fewer, live events would wait for places that these have taken."""

TASK_BYTES = 45 * MiB
"""How much of its rows a task keeps in memory before it writes them to a file; one that publishes keeps none. A place
in which no task runs takes nothing: at the very most half of them are filled, and the heap is as large as that."""


def druid_properties(home: Home, addresses: Addresses, *, command: str, listener: str) -> dict[str, object]:
    """Return the settings of one role.

    Args:
        home: the stack's home.
        addresses: where everything listens.
        command: what Druid calls the role.
        listener: the role's own listener.
    """
    return {**_common(home, addresses, listener), **_special(home)[command]}


def property_lines(settings: Mapping[str, object]) -> str:
    """Return settings as a Java properties file."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _common(home: Home, addresses: Addresses, listener: str) -> dict[str, object]:
    return {
        "druid.host": LOOPBACK,
        "druid.bindOnHost": "true",
        "druid.plaintextPort": addresses.ports[listener],
        # extensions are on the class path already
        "druid.extensions.loadList": "[]",
        "druid.zk.service.host": addresses["zookeeper"],
        # how long a killed process still counts as there
        "druid.zk.service.sessionTimeoutMs": 10000,
        "druid.metadata.storage.type": "derby",
        "druid.metadata.storage.connector.connectURI": (
            f"jdbc:derby://{addresses['druid_metadata']}/metadata.db;create=true"
        ),
        "druid.metadata.storage.connector.host": LOOPBACK,
        "druid.metadata.storage.connector.port": addresses.ports["druid_metadata"],
        "druid.storage.type": "local",
        "druid.storage.storageDirectory": home.data / "druid" / "segments",
        "druid.indexer.logs.type": "file",
        "druid.indexer.logs.directory": home.data / "druid" / "task-logs",
        "druid.selectors.indexing.serviceName": "druid/overlord",
        "druid.selectors.coordinator.serviceName": "druid/coordinator",
        "druid.emitter": "noop",
        "druid.lookup.enableLookupSyncOnStartup": "false",
        "druid.server.http.numThreads": 20,
        # the others hold requests open that wait for changes for a minute, so a longer grace is always used up
        "druid.server.http.gracefulShutdownTimeout": "PT2S",
        # the query's own deadline is shorter; this one catches what was forgotten
        "druid.server.http.defaultQueryTimeout": 30000,
        "druid.server.http.maxQueryTimeout": 300000,
    }


def _special(home: Home) -> dict[str, dict[str, object]]:
    buffers: dict[str, object] = {
        "druid.processing.buffer.sizeBytes": 50 * MiB,
        "druid.processing.numMergeBuffers": 2,
    }
    return {
        "coordinator": {
            "druid.coordinator.asOverlord.enabled": "true",
            "druid.coordinator.asOverlord.overlordService": "druid/overlord",
            "druid.coordinator.startDelay": "PT1S",
            "druid.coordinator.period": "PT5S",
            "druid.coordinator.period.indexingPeriod": "PT30S",
            # A historical forgets to answer if a load ends just as it is asked (`SegmentLoadDropHandler.processBatch`),
            # and until this is over it is told neither to load nor to drop anything. Five minutes, if it is not set.
            "druid.coordinator.loadqueuepeon.http.hostTimeout": "PT5S",
            "druid.manager.segments.pollDuration": "PT5S",
            "druid.manager.config.pollDuration": "PT5S",
            "druid.manager.rules.pollDuration": "PT5S",
            "druid.indexer.queue.startDelay": "PT1S",
            "druid.indexer.queue.storageSyncRate": "PT10S",
            "druid.indexer.runner.type": "httpRemote",
            # after a crash a task's worker is given this long to come back with it
            "druid.indexer.runner.taskCleanupTimeout": "PT10S",
            "druid.indexer.storage.type": "metadata",
        },
        "broker": {
            **buffers,
            "druid.processing.numThreads": 1,
            "druid.broker.http.numConnections": 20,
            "druid.broker.http.maxQueuedBytes": 10 * MiB,
            # the query server keeps results in Redis, by rules of its own
            "druid.broker.cache.useCache": "false",
            "druid.broker.cache.populateCache": "false",
            # queries with a negative priority take at most half of the places
            "druid.query.scheduler.numThreads": 16,
            "druid.query.scheduler.laning.strategy": "hilo",
            "druid.query.scheduler.laning.maxLowPercent": 50,
        },
        "historical": {
            **buffers,
            "druid.processing.numThreads": 2,
            "druid.segmentCache.locations": (
                f'[{{"path":"{home.data / "druid" / "segment-cache"}","maxSize":"50GiB"}}]'
            ),
            "druid.segmentCache.numLoadingThreads": 2,
        },
        "indexer": {
            **buffers,
            "druid.processing.numThreads": 1,
            "druid.worker.capacity": PLACES,
            "druid.worker.numConcurrentMerges": 1,
            # a limit that Druid divides by the places, taken or not, and reserves nothing of
            "druid.worker.globalIngestionHeapLimitBytes": PLACES * TASK_BYTES,
            "druid.indexer.task.baseTaskDir": home.data / "druid" / "tasks",
            "druid.indexer.task.gracefulShutdownTimeout": "PT5S",
            # a restarted indexer goes on with its tasks; the overlord would take a minute to notice that they are gone
            "druid.indexer.task.restoreTasksOnRestart": "true",
            "druid.indexer.server.maxChatRequests": 10,
            # how often a task that has published asks whether its segments are served by a historical, and it may end
            "druid.segment.handoff.pollDuration": "PT5S",
        },
    }
