"""Errors on their way out: their records, and the port of the feed that streams them."""
