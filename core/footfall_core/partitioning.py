"""Which partition a writer's batches go to, and which one a transaction's purchases.

A writer's batches must meet the same dedupe window whichever server they come through, and the purchases of a
transaction the same memory whichever writer they come from, so the function is part of the stored format:
blake2b-64(property, NUL, name) mod partitions. Changing it means a new topic.
"""

from hashlib import blake2b


def partition_of(property_id: str, name: str, partitions: int) -> int:
    """Return the partition, 0 to `partitions` - 1, of a writer or a transaction of a property."""
    digest = blake2b(f"{property_id}\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
