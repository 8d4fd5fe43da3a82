"""Which events may be stored."""
