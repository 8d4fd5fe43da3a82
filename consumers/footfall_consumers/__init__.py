"""The processes that read topics: event consumer, query consumer, and what processes the log again."""
