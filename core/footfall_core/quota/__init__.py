"""What a property may use, and how it is shared out among servers."""
