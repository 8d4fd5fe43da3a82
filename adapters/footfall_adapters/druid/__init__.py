"""Reports from Druid, and what feeds it."""
