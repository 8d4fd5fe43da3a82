"""When an event consumer is ready."""

import pytest

from footfall_adapters.kafka.event_stream import LONGEST_SILENCE, does_its_part


@pytest.mark.parametrize(
    ("is_member", "partitions", "silent", "ready"),
    [
        (False, 0, None, False),  # it has not joined yet
        (True, 0, None, True),  # more consumers than partitions: it stands by
        (True, 8, None, False),  # it rebuilds its state
        (True, 8, 0.5, True),
        (True, 8, LONGEST_SILENCE, False),  # it hangs
        (True, 0, 3600.0, True),  # its partitions have gone to others
    ],
)
def test_a_consumer_is_ready_when_it_reads_what_it_is_assigned(
    is_member: bool, partitions: int, silent: float | None, ready: bool
) -> None:
    assert does_its_part(is_member=is_member, partitions=partitions, silent=silent) is ready
