"""Limits of the contract of a write, in one place."""

MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""Bytes of a request after decompression: gRPC's own default."""
MAX_EVENTS = 1_000
"""Events a batch."""
MAX_EVENT_BYTES = 64 * 1024
"""Bytes of an event, serialized."""
MAX_PARAMS = 100
"""Parameters an event."""
MAX_NAME_LENGTH = 40
"""Characters of the name of an event or parameter: GA4's limit."""
MAX_STRING_LENGTH = 1_024
"""Characters of a string."""
MAX_URL_LENGTH = 8_192
"""Characters of a URL."""
MAX_ITEMS = 200
"""Items an event: GA4's limit."""
MAX_BATCH_ITEMS = 5_000
"""Items a batch."""
MAX_EVENT_AGE_MICROS = 72 * 3600 * 1_000_000
"""How old an event may be when it is received, unless history is imported: GA4's limit."""
MAX_EVENT_AHEAD_MICROS = 3600 * 1_000_000
"""How far ahead of the time of receipt an event may be."""
MAX_WRITER_ID_LENGTH = 64
"""Characters of a writer id."""
MAX_AMOUNT = 1e15
"""Largest magnitude of an amount of money: sums of any number of events stay finite and exact to the cent."""
MAX_COUNT = 2**31 - 1
"""Largest number of pieces of an item, and largest position in a list: sums stay within 64 bits."""
MAX_DISCARDED = 1_000_000_000
"""Events that one report of a client may say were dropped for one reason."""
MAX_ADDRESS_LENGTH = 45
"""Characters of an IPv6 address as text, an IPv4 one within it included."""
MAX_EXACT_INTEGER = 2**53
"""Largest magnitude below which every integer is exact as a double."""
