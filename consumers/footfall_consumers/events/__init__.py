"""The event consumer: raw records in, rows out, exactly once."""
