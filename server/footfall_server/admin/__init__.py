"""The admin server: properties and keys."""
