"""Rows that were written yesterday are read by the columns of today."""

import pytest

from footfall_core.columns import ERROR_COLUMNS, EVENT_COLUMNS, ITEM_COLUMNS, Column

# Never change a name, a type or the order of what stands here: the store has taken in rows that were written so. What
# is new in columns.py goes to the end, there and here.
EVENTS = """
time_ms:long property:string event_name:string event_id:string client_id:string user_id:string session_id:string
host_name:string page_path:string page_location:string page_referrer:string page_title:string source:string
medium:string campaign:string channel_group:string device_category:string browser:string operating_system:string
language:string is_bot:long currency:string value:double transaction_id:string params:string run:string log_hour:long
raw_partition:long tick_time_micros:long country:string country_id:string language_name:string is_active_user:long
"""
ITEMS = """
time_ms:long property:string event_name:string client_id:string user_id:string session_id:string host_name:string
source:string medium:string campaign:string channel_group:string device_category:string browser:string
operating_system:string language:string is_bot:long currency:string transaction_id:string run:string log_hour:long
raw_partition:long tick_time_micros:long country:string country_id:string language_name:string is_active_user:long
item_id:string item_name:string item_brand:string item_category:string item_variant:string price:double quantity:long
amount:double
"""
ERRORS = """
time_ms:long property:string error_id:string stage:long code:long writer_id:string error:string
stage_name:string code_name:string field:string
"""


@pytest.mark.parametrize(
    ("columns", "stored"), [(EVENT_COLUMNS, EVENTS), (ITEM_COLUMNS, ITEMS), (ERROR_COLUMNS, ERRORS)]
)
def test_columns_keep_their_places(columns: tuple[Column, ...], stored: str) -> None:
    assert [f"{column.name}:{column.type.value}" for column in columns] == stored.split()


@pytest.mark.parametrize("columns", [EVENT_COLUMNS, ITEM_COLUMNS, ERROR_COLUMNS])
def test_every_column_says_what_it_means(columns: tuple[Column, ...]) -> None:
    assert all(column.meaning for column in columns)
