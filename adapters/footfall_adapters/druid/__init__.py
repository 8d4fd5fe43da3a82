"""Druid: reports as native queries, and the supervisor that takes rows in."""
