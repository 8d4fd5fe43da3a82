"""Kafka, Druid and Redis behind the core's ports, and the one place that reads the environment."""
