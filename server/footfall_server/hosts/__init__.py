"""What surrounds every handler, and what serves it."""
