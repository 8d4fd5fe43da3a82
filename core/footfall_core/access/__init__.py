"""Who may do what: keys, what they open, and the properties they open."""
