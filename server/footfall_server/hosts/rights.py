"""What each method needs, in one place, so that it can be read at one look. A method that is not here is not served."""

from collections.abc import Mapping

from footfall.v1 import admin_pb2, errors_pb2, ingest_pb2, query_pb2
from footfall_core.access.needs import (
    NeedOf,
    about,
    of_administration,
    of_batch,
    of_operators,
    of_streamed_batch,
    of_update,
)
from footfall_core.access.scopes import Scope

NEEDS: Mapping[str, NeedOf] = {
    "/footfall.v1.IngestService/WriteEvents": of_batch,
    "/footfall.v1.IngestService/StreamEvents": of_streamed_batch,
    "/footfall.v1.IngestService/ReportDiscardedEvents": about(Scope.WRITE, ingest_pb2.ReportDiscardedEventsRequest),
    "/footfall.v1.QueryService/RunReport": about(Scope.READ, query_pb2.RunReportRequest),
    "/footfall.v1.QueryService/GetMetadata": about(Scope.READ, query_pb2.GetMetadataRequest),
    "/footfall.v1.ErrorService/StreamErrors": about(Scope.ERRORS, errors_pb2.StreamErrorsRequest),
    "/footfall.v1.ErrorService/ListErrors": about(Scope.ERRORS, errors_pb2.ListErrorsRequest),
    "/footfall.v1.ErrorService/GetError": about(Scope.ERRORS, errors_pb2.GetErrorRequest),
    # whoever may see an event and send events could repair it by hand; of an import its handler asks for more
    "/footfall.v1.ErrorService/RedriveErrors": about({Scope.ERRORS, Scope.WRITE}, errors_pb2.RedriveErrorsRequest),
    "/footfall.v1.AdminService/CreateProperty": of_operators,
    "/footfall.v1.AdminService/GetProperty": of_administration(admin_pb2.GetPropertyRequest),
    "/footfall.v1.AdminService/ListProperties": of_operators,
    "/footfall.v1.AdminService/UpdateProperty": of_update,
    "/footfall.v1.AdminService/CreateKey": of_administration(admin_pb2.CreateKeyRequest),
    "/footfall.v1.AdminService/ListKeys": of_administration(admin_pb2.ListKeysRequest),
    "/footfall.v1.AdminService/RevokeKey": of_administration(admin_pb2.RevokeKeyRequest),
    "/footfall.v1.AdminService/StartReprocessing": of_operators,
    "/footfall.v1.AdminService/GetReprocessing": of_operators,
    "/footfall.v1.AdminService/ListReprocessings": of_operators,
    "/footfall.v1.AdminService/CancelReprocessing": of_operators,
    "/footfall.v1.AdminService/SwitchReprocessing": of_operators,
    "/footfall.v1.AdminService/RollBackReprocessing": of_operators,
    "/footfall.v1.AdminService/GetReprocessingDifferences": of_operators,
    "/footfall.v1.AdminService/GetLag": of_operators,
}
