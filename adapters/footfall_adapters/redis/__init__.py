"""Redis: the cache of answers."""
