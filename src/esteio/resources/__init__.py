"""Everything that a process opens, opened once and closed in reverse: the same for all kinds of process."""

from esteio.resources.resources import Resources, open_resources

__all__ = ["Resources", "open_resources"]
