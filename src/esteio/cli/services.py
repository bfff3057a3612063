"""Services that a command is told of by name, where they are not the shipped ones."""

import importlib
import os
import sys
from collections.abc import Sequence

from esteio.base.errors import StartRefused
from esteio.manifest import Manifest


def services_named(place: str | None) -> Sequence[Manifest] | None:
    """The tuple of manifests that `package.module:NAME` is; `None` for the shipped ones. Raises `StartRefused`."""
    if place is None:
        return None
    module, _, name = place.partition(":")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m` would find it
    try:
        found: Sequence[Manifest] = tuple(getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, TypeError) as error:
        raise StartRefused(f"The services {place} cannot be found: {error}.") from error
    return found
