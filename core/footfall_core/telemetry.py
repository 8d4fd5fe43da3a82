"""What our processes measure of themselves: every figure is declared here, once.

Counting is no I/O: whoever has something to count imports its figure. A process shows all of its figures on
`/metrics`; docs/telemetry.md is made from these declarations. Names follow Prometheus' conventions: the unit and
`_total` in the name, and seconds and bytes as units.

Values of labels come from closed sets of our own. Nothing that a tenant can decide is ever a label: a property's name
in one would make a time series for each merchant.
"""

from prometheus_client import Counter, Gauge, Histogram

_CALLS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a cached report's millisecond to the longest report's half minute."""

_TRANSACTIONS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""From an idle Kafka on the same machine to a transaction's time-out."""

_RECORDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""From a tick to a raw record of many batches."""

# ---- every gRPC server ----

RPCS = Counter(
    "footfall_rpcs_total",
    "Calls that have ended, by `method` (its full name) and `code` (the gRPC status, `OK` among them). A stream is one"
    " call.",
    ["method", "code"],
)
RPC_SECONDS = Histogram(
    "footfall_rpc_duration_seconds",
    "Time from a call's arrival to its end, by `method`. A stream's is as long as its client stays.",
    ["method"],
    buckets=_CALLS,
)
RPCS_OPEN = Gauge(
    "footfall_rpcs_open",
    "Calls that are under way, by `method`: of streaming methods the streams that are open.",
    ["method"],
)

CALLS_REFUSED = Counter(
    "footfall_calls_refused_total",
    "Calls, and batches of streams, that were not let in, by `reason`: `no_key`, `not_a_key`, `unknown_signing_key`,"
    " `wrong_signature`, `key_expired`, `key_revoked` (UNAUTHENTICATED); `scope_missing`, `other_property`,"
    " `operators_only`, `property_suspended`, `host_not_allowed` (PERMISSION_DENIED). They are in no property's errors,"
    " since anybody could fill those.",
    ["reason"],
)

# ---- ingest server ----

INGEST_BATCHES = Counter(
    "footfall_ingest_batches_total",
    "Batches that were answered, by `outcome`: `stored`, `validated` (`validate_only`: nothing is stored) or `refused`"
    " as a whole. A stream's batches are counted one by one.",
    ["outcome"],
)
INGEST_SECONDS = Histogram(
    "footfall_ingest_store_duration_seconds",
    "Time from a checked batch's being handed to the event log to its being durable: what a caller waits for beside"
    " the checks. A stream's batches are measured one by one.",
    buckets=_TRANSACTIONS,
)
INGEST_BYTES = Counter(
    "footfall_ingest_bytes_total",
    "Bytes of the batches that were stored, as raw batches, before compression.",
)
INGEST_EVENTS = Counter(
    "footfall_ingest_events_total",
    "Events of batches that were stored, by `outcome`: `accepted` or `rejected`. A retry counts here again; what"
    " counts once are rows.",
    ["outcome"],
)
INGEST_REFUSALS = Counter(
    "footfall_ingest_refusals_total",
    "Refusals by `of` (`event`: an event of a batch that was taken; `batch`: a whole batch) and `code` (of an event, a"
    " name of `footfall.v1.ErrorCode` without its prefix; of a batch, the kind of problem).",
    ["of", "code"],
)
INGEST_DISCARDED = Counter(
    "footfall_ingest_discarded_events_total",
    "Events that clients reported to have dropped themselves, by `reason` (a name of `footfall.v1.DiscardReason`"
    " without its prefix). A lower bound: a client may end before it reports. A report sent again counts here again.",
    ["reason"],
)
COMMIT_WAITING_BATCHES = Gauge(
    "footfall_commit_waiting_batches",
    "Batches that wait for their commit, those of the transaction under way among them.",
)
COMMIT_WAITING_BYTES = Gauge(
    "footfall_commit_waiting_bytes",
    "Bytes of those batches; at `FOOTFALL_COMMITTER_MAX_PENDING_BYTES` callers are told to try again.",
)
COMMIT_TRANSACTIONS = Counter(
    "footfall_commit_transactions_total",
    "Transactions of the event log (embedded: commits), by `outcome`: `committed` or `failed` (its callers are told to"
    " try again).",
    ["outcome"],
)
COMMIT_SECONDS = Histogram(
    "footfall_commit_transaction_duration_seconds",
    "Time that a transaction took, from its begin to its commit or failure.",
    buckets=_TRANSACTIONS,
)
COMMIT_BATCHES = Histogram(
    "footfall_commit_transaction_batches",
    "Batches in a transaction; 0 if it holds ticks or error records alone.",
    buckets=(0, 1, 2, 5, 10, 20, 50, 100, 200, 500),
)
EVENT_LOG_CONNECTED = Gauge(
    "footfall_event_log_connected",
    "1 while the event log takes batches, 0 while Kafka is away. Embedded it is always 1.",
)
EVENT_LOG_FENCES = Counter(
    "footfall_event_log_fences_total",
    "Times that this server left the event log to another one that runs under the same name. Anything but 0 is a"
    " mistake in the deployment.",
)
TICKS = Counter(
    "footfall_ticks_total",
    "Ticks that this server has committed; of all ingest servers the elected one commits them.",
)

# ---- quotas, in ingest, query and error server ----

QUOTA_REFUSALS = Counter(
    "footfall_quota_refusals_total",
    "Batches, reports and looks into the errors that were refused because their property was over its quota, by"
    " `limit`: `events`, `bytes`, `reports`, `concurrent_reports`, `concurrent_redrives`, `concurrent_payloads` or"
    " `waiting_bytes`.",
    ["limit"],
)
QUOTA_SETTLEMENTS = Counter(
    "footfall_quota_settlements_total",
    "How often this server asked for more of a property's quota, by `buckets`: `shared` (those in Redis) or `own`"
    " (Redis is away, so each server hands out a whole quota; embedded there are no others).",
    ["buckets"],
)
QUOTA_SHARED = Gauge(
    "footfall_quota_shared",
    "1 while quotas are counted over all servers together, 0 while Redis is away and this server counts alone."
    " Embedded it is always 0.",
)

# ---- event consumer ----

PROCESSING_RECORDS = Counter(
    "footfall_processing_records_total",
    "Records that were processed, by `kind`: `batches` or `tick` of the raw topic, `purchases` of the second stage. A"
    " record whose transaction fails is processed, and counted, again.",
    ["kind"],
)
PROCESSING_BATCHES = Counter(
    "footfall_processing_batches_total",
    "Batches that were processed, by `outcome`: `new`, `duplicate` (seen before: a dedupe hit), `refused` (by the"
    " window: its sequence is used, too old or too far ahead) or `failed` (a mistake of ours).",
    ["outcome"],
)
PROCESSING_ROWS = Counter(
    "footfall_processing_rows_total",
    "Rows that were written, ticks' among them, by `table`.",
    ["table"],
)
PROCESSING_REDRIVEN_EVENTS = Counter(
    "footfall_processing_redriven_events_total",
    "Redriven events by `outcome`: counted, duplicate (counted before, as redriven or by a copy of their batch).",
    ["outcome"],
)
PROCESSING_ERRORS = Counter(
    "footfall_processing_errors_total",
    "Error records that were written, by `stage` and `code` (names of `footfall.v1.Stage` and `footfall.v1.ErrorCode`"
    " without their prefixes).",
    ["stage", "code"],
)
PROCESSING_SECONDS = Histogram(
    "footfall_processing_record_duration_seconds",
    "Time from a raw record's arrival in the process to the last of its outputs' being handed to the producer.",
    buckets=_RECORDS,
)
PROCESSING_RESTARTS = Counter(
    "footfall_processing_restarts_total",
    "Times that the stream was broken and another one took its place in the same process, by `log` (`live` or `import`)"
    " and `reason`: `away` (Kafka gave no answer), `transaction` (one was not confirmed, or was ended by the broker),"
    " `reading` (a fetch failed), `lost` (its place in the group), `fenced` (another one of its name took its place) or"
    " `kafka` (anything else that Kafka said). What was not committed is undone each time.",
    ["log", "reason"],
)
PROCESSING_LAG_SECONDS = Gauge(
    "footfall_processing_lag_seconds",
    "Now minus the log time (the broker's) of the newest raw record that was processed, by `partition` of those that"
    " this consumer is assigned, and by `log`: `live` or `import`. Ticks keep it below a second or two while the"
    " consumer keeps up, on an idle partition too. Embedded, the one log has both kinds of events, and is `live`.",
    ["log", "partition"],
)
PROCESSING_LAG_OFFSETS = Gauge(
    "footfall_processing_lag_offsets",
    "Offsets from the consumer's position to the partition's end, as its last fetch told, by `log` and `partition` like"
    " the lag in seconds. Transactions' markers take up offsets, so it is rarely 0: go by the lag in seconds, and take"
    " this for the amount of work that waits.",
    ["log", "partition"],
)

# ---- query server ----

REPORTS = Counter(
    "footfall_reports_total",
    "Reports that were asked for and well formed, by `source`: `cache` (a hit), `flight` (a miss; the same report was"
    " under way and its answer served both) or `asked` (a miss; a query was sent).",
    ["source"],
)
QUERIES_SENT = Counter(
    "footfall_queries_sent_total",
    "Queries put on `queries.requests`, by `attempt`: `first`, or `hedge` if no consumer had begun the query in time"
    " and it was sent once more.",
    ["attempt"],
)
QUERIES_WAITING = Gauge(
    "footfall_queries_waiting",
    "Queries that wait for their answer.",
)
CACHE_FAILURES = Counter(
    "footfall_cache_failures_total",
    "Commands that Redis did not answer in time; each is a miss, and Redis is left alone for a moment.",
)

# ---- query consumer ----

QUERIES = Counter(
    "footfall_queries_total",
    "Queries that were taken, by `outcome`: `ok`, or the kind of problem.",
    ["outcome"],
)
QUERY_SECONDS = Histogram(
    "footfall_query_duration_seconds",
    "Time from a query's being taken to its answer.",
    buckets=_CALLS,
)
DRUID_SECONDS = Histogram(
    "footfall_druid_query_duration_seconds",
    "Time that Druid took for one native query, by `outcome`: `ok` or `failed`. A report takes one or several.",
    ["outcome"],
    buckets=_CALLS,
)
COMPLETE_UNTIL_AGE_SECONDS = Gauge(
    "footfall_data_complete_until_age_seconds",
    "Now minus the newest `data_complete_until` (`log` is `live`) or `imported_data_complete_until` (`import`) that"
    " this consumer has seen of the live run, by `table`: how far reports of it are behind at most. It is looked for"
    " every `FOOTFALL_QUERIES_LOOK_SECONDS` when nobody asks for reports; while Druid is away it grows.",
    ["table", "log"],
)

# ---- runner of reprocessings ----

REPROCESSING_LAG_SECONDS = Gauge(
    "footfall_reprocessing_lag_seconds",
    "Now minus the instant up to which live events and imports are processed in a reprocessing that is under way, by"
    " its id (`run`). Of one that has not caught up it is large, and of one that has not begun NaN.",
    ["run"],
)
REPROCESSING_STUCK = Gauge(
    "footfall_reprocessing_stuck",
    "1 if the last worker of a reprocessing that is under way, by its id (`run`), could not go on; `footfall reprocess"
    " show` says why. Else 0.",
    ["run"],
)

# ---- error server ----

ERRORS_PUSHED = Counter(
    "footfall_errors_pushed_total",
    "Errors that were pushed to clients; one that two clients follow counts twice.",
)
REDRIVEN_EVENTS = Counter(
    "footfall_errors_redriven_events_total",
    "Refused events that a redrive stored anew; one that is stored twice counts twice here, and once in reports.",
)
ERRORS_LEFT_OUT = Counter(
    "footfall_errors_left_out_total",
    "Errors that were counted to clients in place of being pushed, because there was a storm of them.",
)
SLOW_READERS = Counter(
    "footfall_error_slow_readers_total",
    "Error streams that were ended because their client read too slowly.",
)
HISTORIES = Counter(
    "footfall_error_histories_total",
    "Reads of past errors that were begun.",
)
