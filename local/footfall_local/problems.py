"""What can keep the local stack from running, each said in one sentence that names the remedy."""


class LocalStackError(Exception):
    """The stack can't be started or didn't stay up; the message is for whoever ran the command."""

    exit_code = 3


class RequirementMissingError(LocalStackError):
    """Something that must be installed first isn't there, or a setting can't be met. Trying again won't help."""

    exit_code = 2


class PortTakenError(RequirementMissingError):
    """A port that was set is in use by another process."""


class PartFailedError(LocalStackError):
    """A part died too often before the stack was up."""
