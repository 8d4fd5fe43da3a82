"""The query consumer."""
