"""What the event consumer decides: dedupe, rows, errors."""
