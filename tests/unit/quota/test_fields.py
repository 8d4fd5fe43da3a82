from footfall_core.quota.fields import left_field, policy_field
from footfall_core.quota.quota import Quota

QUOTA = Quota(events_per_second=150, bytes_per_second=1_000, reports_per_second=0.5, burst_seconds=10)


def test_the_policy_is_a_list_of_quotas_with_their_windows_and_units() -> None:
    assert policy_field(QUOTA.writes) == ('"events";q=1500;w=10;qu="events", "bytes";q=10000;w=10;qu="content-bytes"')
    assert policy_field(QUOTA.reads) == '"reports";q=5;w=10'


def test_what_is_left_is_rounded_down_and_the_time_until_all_is_back_is_rounded_up() -> None:
    assert left_field(QUOTA.writes, [1_200.9, 0]) == '"events";r=1200;t=2, "bytes";r=0;t=10'
    assert left_field(QUOTA.reads, [5]) == '"reports";r=5;t=0'
