"""Tells whether two batches under one number are the same batch."""

from hashlib import blake2b

from footfall.v1.ingest_pb2 import WriteEventsRequest


def fingerprint_of(request: WriteEventsRequest) -> int:
    """Return 64 bits that are the same for every attempt to send the same events.

    The time of sending is left out, because each attempt stamps it anew. It stays unset in `request` afterwards only
    for the length of this call.
    """
    sent = request.sent_time_micros
    request.sent_time_micros = 0
    content = request.SerializeToString(deterministic=True)
    request.sent_time_micros = sent
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")
