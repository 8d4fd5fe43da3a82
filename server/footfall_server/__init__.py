"""The processes that serve gRPC: ingest, query and error server."""
