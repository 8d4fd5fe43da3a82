"""Valid requests of every method: what is made almost right."""

from collections.abc import Mapping, Sequence

from google.protobuf.message import Message

from footfall.v1 import admin_pb2, errors_pb2, ingest_pb2, query_pb2
from footfall.v1.event_pb2 import Event
from footfall_server.admin.reprocessing import METHODS
from tests.access import NO_RUN

PROPERTY = "properties/fuzz"
"""The property that data are written to and read from; nothing that is sent suspends it."""

SHOPS = tuple(f"shop-{number}" for number in range(40))
"""Ids of the properties that are created and changed. They are so few that what memory grows by is not them."""

THERE = SHOPS[1]
"""The one that is created before anything is sent; the first samples are about it, and that of creation is not."""

WRITE_EVENTS = "/footfall.v1.IngestService/WriteEvents"
STREAM_EVENTS = "/footfall.v1.IngestService/StreamEvents"
STREAM_ERRORS = "/footfall.v1.ErrorService/StreamErrors"
REDRIVE_ERRORS = "/footfall.v1.ErrorService/RedriveErrors"
REPROCESSING = tuple(f"/footfall.v1.AdminService/{name}" for name in METHODS)
"""Methods of which one process says that it has none of it, whatever is asked."""

Samples = Mapping[str, Sequence[Message]]
"""Valid requests by the full name of their method; a good key gets OK for the first of each, but for reprocessing."""


def samples(error_id: str, key_names: Sequence[str]) -> Samples:
    """Return valid requests of each method.

    Args:
        error_id: one of an error of the property.
        key_names: some of keys that may be revoked.
    """
    write = write_events()
    streamed = ingest_pb2.StreamEventsRequest(batch=write)
    checked = ingest_pb2.StreamEventsRequest(batch=write)
    checked.batch.ClearField("writer_id")
    checked.batch.ClearField("sequence")
    checked.batch.validate_only = True
    return {
        WRITE_EVENTS: [write, _deep()],
        STREAM_EVENTS: [streamed, checked],
        "/footfall.v1.IngestService/ReportDiscardedEvents": [_discarded()],
        "/footfall.v1.QueryService/RunReport": [_report()],
        "/footfall.v1.QueryService/GetMetadata": [query_pb2.GetMetadataRequest(property=PROPERTY)],
        STREAM_ERRORS: _followings(),
        REDRIVE_ERRORS: _redrives(error_id),
        "/footfall.v1.ErrorService/ListErrors": [errors_pb2.ListErrorsRequest(property=PROPERTY, page_size=5)],
        "/footfall.v1.ErrorService/GetError": [
            errors_pb2.GetErrorRequest(property=PROPERTY, error_id=each) for each in (error_id, "a" * 16)
        ],
        **{f"/footfall.v1.AdminService/{name}": each for name, each in _administration(key_names).items()},
        **{f"/footfall.v1.AdminService/{name}": each for name, each in of_reprocessing(NO_RUN).items()},
    }


def write_events() -> ingest_pb2.WriteEventsRequest:
    """Return a valid batch that has something of everything."""
    event = Event(name="purchase", client_id="c", event_id="e", page_location="https://shop.example/?utm_source=x")
    event.transaction_id, event.currency, event.value = "t", "EUR", 9.5
    event.params["plan"].string_value = "pro"
    event.params["n"].number_value = 7
    event.items.add(item_id="i", price=1.5, quantity=2)
    return ingest_pb2.WriteEventsRequest(property=PROPERTY, writer_id="w", sequence=1, events=[event, event])


def _deep() -> ingest_pb2.WriteEventsRequest:
    """Return one that can be read, and whose first event nests more than an event may."""
    batch = write_events()
    deep = batch.events[0].params["deep"]
    deep.list_value.values.add().struct_value.fields["x"].list_value.values.add().bool_value = True
    return batch


def _discarded() -> ingest_pb2.ReportDiscardedEventsRequest:
    dropped = ingest_pb2.ReportDiscardedEventsRequest(property=PROPERTY, writer_id="w", report_number=1)
    dropped.start_time.seconds, dropped.end_time.seconds = 1_790_000_000, 1_790_000_005
    dropped.discarded.add(reason=ingest_pb2.DISCARD_REASON_QUEUE_FULL, count=3)
    dropped.discarded.add(reason=ingest_pb2.DISCARD_REASON_CLOSED, count=1)
    return dropped


def _report() -> query_pb2.RunReportRequest:
    report = query_pb2.RunReportRequest(
        property=PROPERTY,
        dimensions=[query_pb2.Dimension(name="date"), query_pb2.Dimension(name="event.plan")],
        metrics=[query_pb2.Metric(name="eventCount"), query_pb2.Metric(name="totalUsers")],
        date_ranges=[query_pb2.DateRange(start_date="7daysAgo", end_date="today")],
        time_zone="Europe/Berlin",
        order_bys=[query_pb2.OrderBy(metric="eventCount", desc=True)],
        limit=10,
    )
    leaf = report.dimension_filter.and_group.expressions.add()
    leaf.not_expression.filter.field_name = "pagePath"
    leaf.not_expression.filter.string_filter.match_type = query_pb2.StringFilter.MATCH_TYPE_PARTIAL_REGEXP
    leaf.not_expression.filter.string_filter.value = "^/a.*"
    return report


def _followings() -> Sequence[errors_pb2.StreamErrorsRequest]:
    """Return one that begins now, and one that begins with what was."""
    now = errors_pb2.StreamErrorsRequest(property=PROPERTY)
    before = errors_pb2.StreamErrorsRequest(property=PROPERTY)
    before.start_time.GetCurrentTime()
    before.start_time.seconds -= 3_600
    before.filter.stages.append(errors_pb2.STAGE_VALIDATION)
    return [now, before]


def _redrives(error_id: str) -> Sequence[errors_pb2.RedriveErrorsRequest]:
    """Return one of a single error, to look, and one of some seconds' errors, in earnest, both with all repairs."""
    one = errors_pb2.RedriveErrorsRequest(property=PROPERTY, error_ids=[error_id], validate_only=True)
    some = errors_pb2.RedriveErrorsRequest(property=PROPERTY)
    some.filter.codes.append(ingest_pb2.ERROR_CODE_NAME_INVALID)
    some.start_time.GetCurrentTime()
    some.start_time.seconds -= 5
    for redrive in (one, some):
        moved, cast, missing = (redrive.repairs.add() for _ in range(3))
        setattr(moved.rename, "from", "name")
        moved.rename.to = "params.sent_name"
        cast.cast.path, cast.cast.type = "params.n", errors_pb2.PARAMETER_TYPE_STRING
        missing.set_default.path = "name"
        missing.set_default.value.string_value = "page_view"
    return [one, some]


def of_reprocessing(run: str) -> Mapping[str, Sequence[Message]]:
    """Return valid requests of each method about reprocessings, by its name.

    Args:
        run: the name of one.
    """
    start = admin_pb2.StartReprocessingRequest(dry_run=True, request_id="fuzz")
    start.start_hour.seconds, start.end_hour.seconds = 1_790_000_000 // 3_600 * 3_600, 1_790_003_600 // 3_600 * 3_600
    return {
        "StartReprocessing": [start],
        "GetReprocessing": [admin_pb2.GetReprocessingRequest(name=run)],
        "ListReprocessings": [admin_pb2.ListReprocessingsRequest(page_size=2)],
        "CancelReprocessing": [admin_pb2.CancelReprocessingRequest(name=run)],
        "SwitchReprocessing": [admin_pb2.SwitchReprocessingRequest(name=run, epoch=0)],
        "RollBackReprocessing": [admin_pb2.RollBackReprocessingRequest(epoch=0)],
        "GetReprocessingDifferences": [admin_pb2.GetReprocessingDifferencesRequest(name=run)],
        "GetLag": [admin_pb2.GetLagRequest()],
    }


def _administration(key_names: Sequence[str]) -> Mapping[str, Sequence[Message]]:
    names = [f"properties/{shop}" for shop in (THERE, *SHOPS)]
    return {
        "CreateProperty": [
            admin_pb2.CreatePropertyRequest(
                property_id=shop,
                property=admin_pb2.Property(
                    display_name="Shop",
                    time_zone="Europe/Berlin",
                    currency_code="EUR",
                    allowed_hosts=["*.shop.example"],
                ),
            )
            for shop in SHOPS
        ],
        "GetProperty": [admin_pb2.GetPropertyRequest(name=name) for name in names],
        "ListProperties": [admin_pb2.ListPropertiesRequest(page_size=3)],
        "UpdateProperty": [
            *(_change(name, state) for state in (1, 2) for name in names),
            *(_change_of_quota(name, path) for path in ("quota", "quota.events_per_second") for name in names),
        ],
        "CreateKey": [
            admin_pb2.CreateKeyRequest(
                parent=parent,
                key=admin_pb2.Key(display_name="pages", scopes=[admin_pb2.KEY_SCOPE_WRITE, admin_pb2.KEY_SCOPE_IMPORT]),
            )
            for parent in (*names, "properties/-")
        ],
        "ListKeys": [admin_pb2.ListKeysRequest(parent=parent, page_size=2) for parent in (*names, "properties/-")],
        "RevokeKey": [admin_pb2.RevokeKeyRequest(name=name) for name in key_names],
    }


def _change(name: str, state: admin_pb2.PropertyState) -> admin_pb2.UpdatePropertyRequest:
    property_ = admin_pb2.Property(name=name, display_name="Hats", time_zone="Asia/Tokyo", state=state)
    change = admin_pb2.UpdatePropertyRequest(property=property_)
    change.update_mask.paths.extend(["display_name", "time_zone", "state"])
    return change


def _change_of_quota(name: str, path: str) -> admin_pb2.UpdatePropertyRequest:
    change = admin_pb2.UpdatePropertyRequest(property=admin_pb2.Property(name=name))
    quota = change.property.quota
    quota.events_per_second, quota.bytes_per_second, quota.reports_per_second = 1_000, 1_000_000, 10
    quota.concurrent_reports, quota.burst_seconds = 10, 30
    change.update_mask.paths.append(path)
    return change
