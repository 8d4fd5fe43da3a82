"""Waiting until the running stack is whole again, behind a test that disturbs what all of them share."""

import uuid

import grpc

from footfall.channel import open_channel
from footfall.client import Client
from footfall.v1 import ingest_pb2_grpc
from footfall.v1.event_pb2 import Event
from footfall.v1.ingest_pb2 import WriteEventsRequest
from footfall_local.first_report import is_fresh
from footfall_local.stack import Stack
from tests.e2e.processes import INGEST_SERVERS, wait_for

PROPERTY = "whole-again"
WITHIN_SECONDS = 150.0
"""An event consumer's partitions may take 45 s to be somebody's again, and a broker's session 45 s more."""


def await_whole(stack: Stack) -> None:
    """Return when each ingest server stores events again, and reports are complete until just now.

    What went to a part that was away is tried again with pauses, by each who did; a test that sends one request and
    expects an answer would fail meanwhile.
    """
    for server in INGEST_SERVERS:
        with open_channel(stack.addresses[server]) as channel:
            stub = ingest_pb2_grpc.IngestServiceStub(channel)  # type: ignore[no-untyped-call]
            wait_for(f"{server} to store events", lambda stub=stub: _stores(stub), WITHIN_SECONDS, pause=0.2)
    with Client(stack.addresses["grpc"], PROPERTY) as client:
        wait_for("a complete report", lambda: is_fresh(client) or None, WITHIN_SECONDS, pause=0.2)


def _stores(stub: ingest_pb2_grpc.IngestServiceStub) -> bool | None:
    event = Event(name="page_view", client_id="anyone")
    batch = WriteEventsRequest(
        property=f"properties/{PROPERTY}", writer_id=uuid.uuid4().hex, sequence=1, events=[event]
    )
    try:
        return stub.WriteEvents(batch, timeout=10).accepted == 1 or None
    except grpc.RpcError:
        return None
