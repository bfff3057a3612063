"""Capsules of packs, written to disk and tried as the person would who has got them."""

import json
import os
import random
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

from esteio.services.capsules.packs.catalogue import choice_of
from esteio.services.capsules.packs.pack import pack
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.wish import Wish
from tests.house import eventually, unused_port

Addons = frozenset[str]

TITLE = "O'Neil's \"Shop\" </script> ${x} {{ y }} `z` \\ %s é"
DESCRIPTION = 'Sells lamps.\n*/ --> """ \'\'\' {% raw %} `rm` $(rm)\n\nAnd chairs; "quoted", <b>bold</b>.'
POINTS = ('Fast & "cheap" */', "# no heading", "{{ nothing }}")
EVERYTHING = os.environ.get("PACKS") == "all"
"""Whether each combination is proved, and not a sample: `make test-packs`."""


def combos(names: Sequence[str]) -> list[tuple[str, Addons]]:
    """Every one of these packs with every set of add-ons that it takes."""
    return [
        (name, frozenset(some))
        for name in names
        for size in range(len(pack(name).addons) + 1)
        for some in combinations(sorted(pack(name).addons), size)
    ]


def sampler() -> random.Random:
    """Chooses what is proved in this run. `PACKS_SEED` proves the same again; the seed is printed."""
    seed = int(os.environ.get("PACKS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"PACKS_SEED={seed}")
    return random.Random(seed)


def write(name: str, addons: Addons, place: Path) -> Path:
    """The capsule, wished for with words that try to get out of where they stand."""
    for file in generate(Wish(TITLE, DESCRIPTION, POINTS, POINTS, choice_of(pack(name), addons))):
        path = place / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)
    return place


def write_domain(name: str, module: str, tests: str, place: Path) -> str:
    """A module of a person's domain with its tests, where the pack says; the command that runs these tests."""
    domain = pack(name).domain
    for path, text in ((domain.module, module), (domain.tests, tests)):
        file = place / path.format(name="prices")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return domain.run.format(name="prices")


@contextmanager
def serving(command: Sequence[str], name: str, place: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The capsule's program while it answers; its address. Ended by SIGTERM, it has to end well."""
    port = unused_port()
    said = place / "said.log"
    with said.open("wb") as log:
        settings = {**environment, "HOST": "127.0.0.1", "PORT": str(port)}
        process = subprocess.Popen(command, cwd=place, env=settings, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    serves = pack(name).serves
    assert serves is not None
    address = f"http://127.0.0.1:{port}"
    try:
        for path in (serves.live, serves.ready):
            eventually(lambda path=path: process.poll() is not None or answered(address + path)[0] == 200, within=60)
            assert process.poll() is None, said.read_text()
        yield address
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, said.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)


def answered(address: str, body: Any = None) -> tuple[int, Any]:
    """The status and what the JSON says; a status of 0 where nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
    except OSError:
        return 0, None


def keeps_items(address: str) -> None:
    """What every service does with its sample resource."""
    status, item = answered(f"{address}/items", {"name": "lamp"})
    assert status == 201
    assert answered(f"{address}/items/{item['id']}") == (200, item)
    status, page = answered(f"{address}/items?after={item['id'] - 1}&limit=1")
    assert (status, page["items"]) == (200, [item])
    status, problem = answered(f"{address}/items", {"name": ""})
    assert (status, problem["status"], problem["errors"][0]["field"]) == (422, 422, "name")
