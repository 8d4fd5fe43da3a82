"""The ingest server: events in."""
