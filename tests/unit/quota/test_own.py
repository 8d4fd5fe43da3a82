"""Quotas of properties' own, in the place of what every property may use."""

import pytest

from footfall.v1.admin_pb2 import Property, PropertyQuota
from footfall_core.quota.own import RANGES, quota_violations
from footfall_core.quota.quota import Quota
from footfall_server.quotas.of_properties import PropertyQuotas
from tests.gates import NothingKnown

DEFAULT = Quota(
    events_per_second=100, bytes_per_second=1_000, reports_per_second=5, concurrent_reports=3, waiting_bytes=7
)


def put(access: NothingKnown, property_id: str = "shop", **quota: float) -> None:
    found = Property(name=f"properties/{property_id}")
    if quota:
        found.quota.CopyFrom(PropertyQuota(**quota))  # type: ignore[arg-type]
    access.register.apply(found.name, found.SerializeToString())


def test_what_a_property_has_of_its_own_stands_in_the_place_of_the_default_and_the_rest_stays() -> None:
    access = NothingKnown()
    quotas = PropertyQuotas(DEFAULT, access)
    put(access, events_per_second=500, reports_per_second=0, burst_seconds=60)
    put(access, "plain")
    assert quotas("shop") == Quota(500, 1_000, 0, 3, 7, burst_seconds=60)
    assert [limit.name for limit in quotas("shop").reads] == []
    assert quotas("plain") is quotas("nobody-created-it") is DEFAULT


def test_it_is_the_same_object_until_it_changes_and_a_change_holds_from_the_next_question_on() -> None:
    # what is spent compares limits at every batch: the same objects cost nothing
    access = NothingKnown()
    quotas = PropertyQuotas(DEFAULT, access)
    put(access, events_per_second=500)
    before = quotas("shop")
    put(access, "other", events_per_second=1)
    assert quotas("shop") is before
    put(access, events_per_second=20)
    assert quotas("shop").events_per_second == 20
    put(access)
    assert quotas("shop") is DEFAULT
    put(access, events_per_second=20)
    # a server that has lost its place in the log reads all of it anew
    access.register = type(access.register)()
    assert quotas("shop") is DEFAULT


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("events_per_second", 0.5, "0.5 is out of range; 1 to 1,000,000,000,000 are allowed, and 0 for no limit."),
        ("events_per_second", -1, "-1 is out of range; 1 to 1,000,000,000,000 are allowed, and 0 for no limit."),
        (
            "bytes_per_second",
            1_023,
            "1,023 is out of range; 1,024 to 1,000,000,000,000 are allowed, and 0 for no limit.",
        ),
        (
            "reports_per_second",
            float("nan"),
            "nan is out of range; 0.1 to 1,000,000,000,000 are allowed, and 0 for no limit.",
        ),
        (
            "reports_per_second",
            float("inf"),
            "inf is out of range; 0.1 to 1,000,000,000,000 are allowed, and 0 for no limit.",
        ),
        ("concurrent_reports", -3, "-3 is out of range; 1 to 1,000,000 are allowed, and 0 for no limit."),
        ("burst_seconds", 0, "0 is out of range; 1 to 3,600 are allowed."),
        ("burst_seconds", 3_601, "3,601 is out of range; 1 to 3,600 are allowed."),
    ],
)
def test_what_a_part_cannot_be_is_said_with_what_it_can(part: str, value: float, sentence: str) -> None:
    (violation,) = quota_violations(PropertyQuota(**{part: value}), "property.quota")  # type: ignore[arg-type]
    assert (violation.field, violation.description) == (f"property.quota.{part}", sentence)


def test_each_part_has_a_range_and_is_called_as_what_all_properties_have() -> None:
    assert set(RANGES) == set(PropertyQuota.DESCRIPTOR.fields_by_name)
    assert set(RANGES) <= set(Quota.__dataclass_fields__)
    for part, allowed in RANGES.items():
        for value in (allowed.least, allowed.most, *([0] if allowed.or_no_limit else [])):
            number = int(value) if part == "concurrent_reports" else value
            assert not list(quota_violations(PropertyQuota(**{part: number}), ""))  # type: ignore[arg-type]
