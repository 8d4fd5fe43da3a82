"""Gives the processes that find this folder on their `PYTHONPATH` two processing versions, the first of them wrong.

Python imports a module of this name at its start, so that no line of Footfall itself knows of it.
"""

import os

if os.environ.get("TESTS_WRONG_CHANNELS"):
    from footfall_core.enrichment.channels import channel_group
    from footfall_core.enrichment.traffic import Attribution
    from footfall_core.processing import versions

    def wrong(source: str, medium: str, campaign: str) -> str:
        """Take what was paid for for what was not."""
        return channel_group(source, medium, campaign).replace("Paid", "Organic")

    versions.VERSIONS.clear()
    versions.VERSIONS["1"] = versions.Version("1", Attribution(wrong))
    versions.VERSIONS["2"] = versions.Version("2")
