"""`footfall replay`: the events of a file, as an import of history."""
