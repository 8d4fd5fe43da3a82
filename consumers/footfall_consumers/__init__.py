"""The processes that read topics: event consumer and query consumer."""
