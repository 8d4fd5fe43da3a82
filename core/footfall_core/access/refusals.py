"""Why a call was not let in."""

from enum import StrEnum


class Reason(StrEnum):
    """Why; a label of telemetry, and in capitals the reason in a status' details."""

    NO_KEY = "no_key"
    NOT_A_KEY = "not_a_key"
    UNKNOWN_SIGNING_KEY = "unknown_signing_key"
    WRONG_SIGNATURE = "wrong_signature"
    EXPIRED = "key_expired"
    REVOKED = "key_revoked"
    SCOPE = "scope_missing"
    PROPERTY = "other_property"
    OPERATORS = "operators_only"
    SUSPENDED = "property_suspended"
    HOST = "host_not_allowed"
