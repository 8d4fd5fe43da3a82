"""Keys of every kind that is to be refused, and one request of every method, so that each meets each."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
import jwt
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from footfall.v1 import admin_pb2, errors_pb2, ingest_pb2, query_pb2
from footfall.v1.event_pb2 import Event
from footfall_core.access.grant import EVERY_PROPERTY, Grant
from footfall_core.access.scopes import ALL, Scope
from footfall_core.access.signing_keys import Jwk, new_signing_key
from footfall_core.access.tokens import Signer
from footfall_core.clock import Micros

STREAM_EVENTS = "/footfall.v1.IngestService/StreamEvents"
STREAM_ERRORS = "/footfall.v1.ErrorService/StreamErrors"
SERVER_STREAMS = frozenset({STREAM_ERRORS, "/footfall.v1.ErrorService/RedriveErrors"})
"""Methods that answer one request with a stream."""

SCOPES: Mapping[str, Scope] = {
    "IngestService": Scope.WRITE,
    "QueryService": Scope.READ,
    "ErrorService": Scope.ERRORS,
    "AdminService": Scope.ADMIN,
}
"""By service, what its methods need."""

OPERATORS = frozenset(
    f"/footfall.v1.AdminService/{name}"
    for name in (
        "CreateProperty",
        "ListProperties",
        "StartReprocessing",
        "GetReprocessing",
        "ListReprocessings",
        "CancelReprocessing",
        "SwitchReprocessing",
        "RollBackReprocessing",
        "GetReprocessingDifferences",
        "GetLag",
    )
)
"""Methods that no property's key may call."""

NO_RUN = "reprocessings/r197001010000none"
"""A run that nobody has started."""


def now() -> Micros:
    return Micros(time.time_ns() // 1000)


def methods() -> list[str]:
    """Return the full name of every method of the public contracts."""
    return [
        f"/{service.full_name}/{method.name}"
        for file in (ingest_pb2, query_pb2, errors_pb2, admin_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]


def scope_of(method: str) -> Scope:
    return SCOPES[method.split("/")[1].rpartition(".")[2]]


def request_of(method: str, property_id: str) -> Message:
    """Return a good request of a method about a property."""
    name = f"properties/{property_id}"
    day = query_pb2.DateRange(start_date="today", end_date="today")
    batch = ingest_pb2.WriteEventsRequest(property=name, events=[Event(name="page_view", client_id="c")])
    key = admin_pb2.Key(scopes=[admin_pb2.KEY_SCOPE_READ])
    changed = admin_pb2.UpdatePropertyRequest(property=admin_pb2.Property(name=name, display_name="Shop"))
    changed.update_mask.paths.append("display_name")
    report = ingest_pb2.ReportDiscardedEventsRequest(property=name, writer_id="w", report_number=1)
    report.start_time.seconds = report.end_time.seconds = 1_790_000_000
    report.discarded.add(reason=ingest_pb2.DISCARD_REASON_QUEUE_FULL, count=1)
    requests: dict[str, Message] = {
        "WriteEvents": batch,
        "StreamEvents": ingest_pb2.StreamEventsRequest(batch=batch),
        "RunReport": query_pb2.RunReportRequest(
            property=name, metrics=[query_pb2.Metric(name="eventCount")], date_ranges=[day]
        ),
        "ReportDiscardedEvents": report,
        "GetMetadata": query_pb2.GetMetadataRequest(property=name),
        "StreamErrors": errors_pb2.StreamErrorsRequest(property=name),
        "ListErrors": errors_pb2.ListErrorsRequest(property=name),
        "GetError": errors_pb2.GetErrorRequest(property=name, error_id="a" * 16),
        "RedriveErrors": errors_pb2.RedriveErrorsRequest(property=name, validate_only=True),
        "CreateProperty": admin_pb2.CreatePropertyRequest(property_id=property_id),
        "GetProperty": admin_pb2.GetPropertyRequest(name=name),
        "ListProperties": admin_pb2.ListPropertiesRequest(),
        "UpdateProperty": changed,
        "CreateKey": admin_pb2.CreateKeyRequest(parent=name, key=key),
        "ListKeys": admin_pb2.ListKeysRequest(parent=name),
        "RevokeKey": admin_pb2.RevokeKeyRequest(name=f"{name}/keys/none"),
        "StartReprocessing": admin_pb2.StartReprocessingRequest(),
        "GetReprocessing": admin_pb2.GetReprocessingRequest(name=NO_RUN),
        "ListReprocessings": admin_pb2.ListReprocessingsRequest(),
        "CancelReprocessing": admin_pb2.CancelReprocessingRequest(name=NO_RUN),
        "SwitchReprocessing": admin_pb2.SwitchReprocessingRequest(name=NO_RUN),
        "RollBackReprocessing": admin_pb2.RollBackReprocessingRequest(epoch=1_000_000),
        "GetReprocessingDifferences": admin_pb2.GetReprocessingDifferencesRequest(name=NO_RUN),
        "GetLag": admin_pb2.GetLagRequest(),
    }
    return requests[method.rpartition("/")[2]]


@dataclass(frozen=True)
class Refused:
    """A key, and how every call with it ends."""

    token: str | None
    code: grpc.StatusCode
    reason: str
    """As the status' details say it."""


class Keyring:
    """Makes keys of every kind with a signing key, and with others."""

    def __init__(self, signing_key: Jwk) -> None:
        self._signing_key = signing_key
        self._signer = Signer(signing_key)

    def token(
        self,
        property_id: str = EVERY_PROPERTY,
        *scopes: Scope,
        key_id: str = "test-key",
        expires: Micros | None = None,
    ) -> str:
        """Return a good key; without scopes one with all of them."""
        return self._signer.token(Grant(key_id, property_id, frozenset(scopes) or ALL, expires), now())

    def refused(self, method: str, property_id: str, revoked_id: str) -> dict[str, Refused]:
        """Return keys by what is wrong with them for a request of a method about a property.

        Args:
            method: full name.
            property_id: the property that the request is about.
            revoked_id: the id of a key of that property that was revoked.
        """
        good = self.token(property_id)
        head, claims, signature = good.split(".")
        stranger = Signer(new_signing_key(b"s" * 32))
        forger = Signer({**new_signing_key(b"s" * 32), "kid": self._signing_key["kid"]})
        grant = Grant("test-key", property_id, ALL, None)
        past = Micros(now() - 1_000_000)
        others = [scope for scope in Scope if scope is not scope_of(method)]
        unauthenticated, denied = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
        other = "OPERATORS_ONLY" if method in OPERATORS else "OTHER_PROPERTY"
        return {
            "none": Refused(None, unauthenticated, "NO_KEY"),
            "garbage": Refused("garbage", unauthenticated, "NOT_A_KEY"),
            "changed": Refused(f"{head}.{_widened(claims)}.{signature}", unauthenticated, "WRONG_SIGNATURE"),
            "unsigned": Refused(_unsigned(claims, self._signer.kid), unauthenticated, "NOT_A_KEY"),
            "by a shared secret": Refused(self._by_secret(claims), unauthenticated, "NOT_A_KEY"),
            "by a stranger": Refused(stranger.token(grant, now()), unauthenticated, "UNKNOWN_SIGNING_KEY"),
            "by a forger": Refused(forger.token(grant, now()), unauthenticated, "WRONG_SIGNATURE"),
            "expired": Refused(self.token(property_id, expires=past), unauthenticated, "KEY_EXPIRED"),
            "revoked": Refused(self.token(property_id, key_id=revoked_id), unauthenticated, "KEY_REVOKED"),
            "without the scope": Refused(self.token(property_id, *others), denied, "SCOPE_MISSING"),
            "another property's": Refused(self.token("another-shop"), denied, other),
        }

    def _by_secret(self, claims: str) -> str:
        """Return a token whose secret is the public key, which everybody knows (CVE-2015-9235 and its kin)."""
        secret = self._signing_key["x"].ljust(64, "=")
        return jwt.encode(json.loads(_decoded(claims)), secret, algorithm="HS256", headers={"kid": self._signer.kid})


def reason_of(error: grpc.RpcError) -> str:
    """Return the reason in a status' details; nothing where there is none, as in what the gateway answers by itself."""
    trailers = dict(error.trailing_metadata() or ())  # type: ignore[attr-defined]
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        detail.Unpack(info)
    return str(info.reason)


def _unsigned(claims: str, kid: str) -> str:
    head = json.dumps({"alg": "none", "kid": kid, "typ": "JWT"}).encode()
    return f"{base64.urlsafe_b64encode(head).rstrip(b'=').decode()}.{claims}."


def _widened(claims: str) -> str:
    """Return claims that open every property."""
    wider = json.dumps({**json.loads(_decoded(claims)), "sub": "*"}).encode()
    return base64.urlsafe_b64encode(wider).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
