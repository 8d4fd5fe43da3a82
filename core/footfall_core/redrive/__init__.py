"""Bringing refused events back: which, how they are repaired, and what is stored of them."""
