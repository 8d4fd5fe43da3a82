"""SQLite: the logs and the state of the embedded process."""
