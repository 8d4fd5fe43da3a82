"""The processing versions that this code knows."""

VERSIONS = ("1",)
"""The newest last."""
