"""Kafka: the event log, the event stream, the error feed and the query bus."""
