"""Which stand-ins there are, and where they are ruled, as the file says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from esteio.telemetry.logs import log

CONTROL = "/_standin"
LOOPBACK = "127.0.0.1"
LARGEST = 65_536
"""Bytes: a file that is larger is none of ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """name: as addresses have it; title: as people call it; url: where the party is; control: where it is ruled."""

    name: str
    title: str
    url: str
    control: str


def read_places(file: Path) -> Mapping[str, Place]:
    """By name, in the file's order; none while there is no file, or one that cannot be read: `esteio up` writes it.

    Who may write the file decides whom this process calls, so only the loopback address is taken from it.
    """
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(LARGEST))
        found = [_place(title, members) for title, members in told.items()]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        log("esteio.development").warning("stand-ins not read", cause=f"{type(error).__name__}: {error}")
        return {}
    return {place.name: place for place in found}


def _place(title: str, members: Mapping[str, Any]) -> Place:
    control = urlsplit(str(members["control"]))
    if control.scheme != "http" or control.hostname != LOOPBACK or not control.port or control.path != CONTROL:
        raise ValueError(f"the control of {title} is not on the loopback address")
    return Place(title.lower(), title, str(members["url"]), f"http://{LOOPBACK}:{control.port}{CONTROL}")
