"""Limits of the contract of a report, in one place."""

MAX_DIMENSIONS = 9
"""Dimensions a report: GA4's limit."""
MAX_METRICS = 10
"""Metrics a report: GA4's limit."""
DEFAULT_LIMIT = 10_000
"""Rows of a page unless the request says otherwise: GA4's default."""
MAX_LIMIT = 250_000
"""Rows of a page: GA4's limit."""
MAX_OFFSET = 10_000_000
"""Rows that may be skipped: the store sorts all that come before a page."""
MAX_RANGES = 4
"""Date ranges a report: GA4's limit."""
MAX_RANGE_NAME_LENGTH = 100
"""Characters of the name of a date range."""
MAX_DAYS = 3_660
"""Days of a range: ten years."""
FIRST_YEAR = 1970
"""Earliest year of a range: the store counts from the Unix epoch."""
LAST_YEAR = 2199
"""Latest year of a range."""
MAX_FILTER_DEPTH = 10
"""Levels of a filter."""
MAX_FILTERS = 100
"""Conditions of a filter."""
MAX_FILTER_VALUES = 1_000
"""Values of one list in a filter."""
MAX_FILTER_VALUE_LENGTH = 8_192
"""Characters of a value in a filter: that of a page's URL."""
MAX_PATTERN_LENGTH = 1_024
"""Characters of a regular expression in a filter."""
MAX_FILTER_TEXT_LENGTH = 65_536
"""Characters of a filter written in the filter language."""
MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Bytes of a serialized answer: what a server holds in memory for one report."""
MAX_PLAN_BYTES = 900_000
"""Bytes of a plan: it travels in one Kafka record, which takes 1 MB unless it is told otherwise."""
