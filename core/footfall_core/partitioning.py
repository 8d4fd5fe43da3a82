"""Which partition of the raw topic a writer's batches go to.

A writer's batches must meet the same dedupe window whichever server they come through, so the function is part of
the stored format: blake2b-64(property, NUL, writer) mod partitions. Changing it means a new topic.
"""

from hashlib import blake2b


def partition_of(property_id: str, writer_id: str, partitions: int) -> int:
    """Return the partition, 0 to `partitions` - 1, of a writer of a property."""
    digest = blake2b(f"{property_id}\0{writer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
