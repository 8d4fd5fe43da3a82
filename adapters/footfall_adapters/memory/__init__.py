"""Memory: what the embedded process may lose at any time, and what lives only while it does."""
