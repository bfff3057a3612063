"""One tree of every package's settings, read from the environment."""

from esteio.settings.tree import Settings, read_settings

__all__ = ["Settings", "read_settings"]
