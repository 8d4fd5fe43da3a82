"""Who may call a server."""
