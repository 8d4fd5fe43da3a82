"""Quotas without a limit, for tests of something else."""

from footfall_adapters.memory.buckets import MemoryBuckets
from footfall_core.clock import SystemClock
from footfall_core.quota.quota import Quota
from footfall_server.quotas.quotas import ReportQuotas, WriteQuotas


def no_write_quotas() -> WriteQuotas:
    return WriteQuotas(MemoryBuckets(SystemClock()), lambda _: Quota())


def no_report_quotas() -> ReportQuotas:
    return ReportQuotas(MemoryBuckets(SystemClock()), lambda _: Quota())
