from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("name", "event_id", "timestamp_micros", "client_id", "user_id", "session_id", "page_location", "page_referrer", "page_title", "user_agent", "ip_override", "language", "currency", "value", "transaction_id", "items", "params")
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MICROS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_LOCATION_FIELD_NUMBER: _ClassVar[int]
    PAGE_REFERRER_FIELD_NUMBER: _ClassVar[int]
    PAGE_TITLE_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    IP_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    event_id: str
    timestamp_micros: int
    client_id: str
    user_id: str
    session_id: str
    page_location: str
    page_referrer: str
    page_title: str
    user_agent: str
    ip_override: str
    language: str
    currency: str
    value: float
    transaction_id: str
    items: _containers.RepeatedCompositeFieldContainer[Item]
    params: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, name: _Optional[str] = ..., event_id: _Optional[str] = ..., timestamp_micros: _Optional[int] = ..., client_id: _Optional[str] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., page_location: _Optional[str] = ..., page_referrer: _Optional[str] = ..., page_title: _Optional[str] = ..., user_agent: _Optional[str] = ..., ip_override: _Optional[str] = ..., language: _Optional[str] = ..., currency: _Optional[str] = ..., value: _Optional[float] = ..., transaction_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., params: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("item_id", "item_name", "item_brand", "item_category", "item_variant", "price", "quantity", "coupon", "discount", "index", "item_list_id", "item_list_name", "affiliation")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_NAME_FIELD_NUMBER: _ClassVar[int]
    ITEM_BRAND_FIELD_NUMBER: _ClassVar[int]
    ITEM_CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ITEM_VARIANT_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUPON_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ITEM_LIST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_LIST_NAME_FIELD_NUMBER: _ClassVar[int]
    AFFILIATION_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    item_name: str
    item_brand: str
    item_category: str
    item_variant: str
    price: float
    quantity: int
    coupon: str
    discount: float
    index: int
    item_list_id: str
    item_list_name: str
    affiliation: str
    def __init__(self, item_id: _Optional[str] = ..., item_name: _Optional[str] = ..., item_brand: _Optional[str] = ..., item_category: _Optional[str] = ..., item_variant: _Optional[str] = ..., price: _Optional[float] = ..., quantity: _Optional[int] = ..., coupon: _Optional[str] = ..., discount: _Optional[float] = ..., index: _Optional[int] = ..., item_list_id: _Optional[str] = ..., item_list_name: _Optional[str] = ..., affiliation: _Optional[str] = ...) -> None: ...
