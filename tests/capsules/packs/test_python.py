"""What the Python packs make is linted, installed, tested and served: a sample of it, or all by `make test-packs`."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
import redis

from esteio.embedded.engines import Engines
from esteio.services.capsules.packs.catalogue import choice_of
from esteio.services.capsules.packs.pack import pack, packs
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.wish import Wish
from tests.capsules.packs.engines import VARIABLES, engines_for
from tests.capsules.packs.skeletons import EVERYTHING, Addons, answered, combos, sampler, write
from tests.capsules.packs.wishes import HOSTILE, plain
from tests.house import eventually, unused_port

PACKS = [pack.name for pack in packs() if pack.language == "python"]
WORKING = ("postgresql", "redis")
SAMPLED = 2
"""Packs that are installed in every run."""
CHECKS = [
    ["-m", "ruff", "check", "--no-cache", "--quiet"],
    ["-m", "ruff", "format", "--no-cache", "--quiet", "--check"],
]
DOMAIN = '''"""Prices."""


def total(prices: list[int]) -> int:
    return sum(prices)
'''
DOMAIN_TESTS = """from {package}.prices import total


def test_prices_are_added_up() -> None:
    assert total([1, 2]) == 3
"""
SERVED = {
    "python-fastapi": ["python", "-m", "PACKAGE"],
    "python-flask": ["gunicorn", "--config", "python:PACKAGE.server", "PACKAGE.wsgi:app"],
    "python-django": ["gunicorn", "--config", "python:PACKAGE.server", "PACKAGE.wsgi:application"],
}


def run(command: list[str], place: Path, environment: Mapping[str, str], seconds: float = 300) -> str:
    """What the command printed. Fails with it where the command failed."""
    done = subprocess.run(
        command,
        cwd=place,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-8000:]}"
    return done.stdout


def environment(**more: str) -> dict[str, str]:
    """Of commands that know nothing of this house but where pip keeps what it fetched, which later runs use again."""
    kept = {name: value for name, value in os.environ.items() if name not in (*VARIABLES.values(), "PYTHONPATH")}
    fetched = Path(tempfile.gettempdir()) / f"esteio-packs-pip-{os.getuid()}"
    return kept | {"PIP_CACHE_DIR": str(fetched), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1"} | more


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a fresh virtual environment with what a pack's lock names for all its add-ons; the folder of its programs.

    The tests are left out on a machine that reaches no package index; in CI that is a failure.
    """
    place = tmp_path_factory.mktemp("python")
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0", "--timeout=20"]
    reached = subprocess.run(
        [*asked, "--dest", place, "iniconfig"], env=environment(), capture_output=True, timeout=120
    )
    if reached.returncode != 0 and not os.environ.get("CI"):
        pytest.skip("no package index can be reached from here")

    @cache
    def installed(name: str) -> Path:
        venv = place / name
        run([sys.executable, "-m", "venv", "--without-pip", str(venv)], place, environment())
        lock = write(name, pack(name).addons, place / f"{name}-whole") / "requirements-dev.lock"
        into = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "install", "--quiet", "--no-compile"]
        run([*into, "--require-hashes", "-r", str(lock)], place, environment(), 600)
        return venv / "bin"

    return installed


def chosen(names: str) -> list[tuple[str, Addons]]:
    """Every choice of a pack; of the sample two packs, each with all add-ons and with some."""
    if names != "sample":
        return combos([names])
    chance = sampler()
    found = []
    for name in chance.sample(PACKS, SAMPLED):
        middle = [some for _, some in combos([name]) if some and some != pack(name).addons]
        found += [(name, pack(name).addons), (name, chance.choice(middle))]
    return found


@pytest.mark.parametrize("title", ["Zz", "The Quick Brown Fox Jumps over the Lazy Dogs"])
def test_the_linter_and_the_formatter_accept_every_choice(title: str, tmp_path: Path) -> None:
    """However long or short the project's name is, Ruff finds nothing to say, by the rules that the capsule brings."""
    for name, addons in combos(PACKS):
        _write_python(plain(choice_of(pack(name), addons), title), tmp_path / "-".join((name, *sorted(addons))))
    _demand_linted(tmp_path)


def test_the_linter_and_the_formatter_accept_whatever_was_said(tmp_path: Path) -> None:
    """Quotes, escapes and lengths of words change nothing that a linter or a formatter would have otherwise."""
    lengths = [("word " * 40)[:length] + "." for length in range(40, 130)]
    for number, text in enumerate((*HOSTILE.values(), *lengths)):
        for name in PACKS:
            choice = choice_of(pack(name))
            _write_python(Wish(text, text, (text,), (text,), choice), tmp_path / f"{name}-{number}")
    _demand_linted(tmp_path)


def _write_python(wish: Wish, place: Path) -> None:
    for file in generate(wish):
        if file.path.endswith((".py", ".toml")):
            path = place / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)


def _demand_linted(place: Path) -> None:
    for check in CHECKS:
        run([sys.executable, *check, "."], place, environment())


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("names", PACKS if EVERYTHING else ["sample"])
def test_capsules_are_installed_from_their_locks_and_pass_their_own_tests(
    names: str, install: Callable[[str], Path], engines: Engines, tmp_path: Path
) -> None:
    """With its engines every test of a capsule runs and passes; without them some do, and the rest say why not."""
    for number, (name, addons) in enumerate(chosen(names)):
        print(name, sorted(addons))
        place = write(name, addons, tmp_path / str(number))
        python = str(install(name) / "python")
        tested = [python, "-m", "pytest", "-p", "no:cacheprovider", "-rs"]
        with _engines(name, addons, engines) as addresses:
            said = run(tested, place, environment(**addresses))
            assert "skipped" not in said and int(re.findall(r"(\d+) passed", said)[0]) >= 6, said
            if name in SERVED and addons == pack(name).addons:
                _demand_service(name, place, Path(python).parent, environment(**addresses))
        said = run(tested, place, environment())
        assert re.search(r"\b[1-9]\d* passed", said), said
        wanted = [VARIABLES[addon] for addon in WORKING if addon in addons]
        assert all(re.search(rf"not set: .*{variable}", said) for variable in wanted), said
        if EVERYTHING and name != "python-django":
            run([python, "-m", "mypy", "--cache-dir", str(tmp_path / f"types-{name}")], place, environment())


def _demand_service(name: str, place: Path, programs: Path, environment: Mapping[str, str]) -> None:
    """The program as it is run in earnest: it answers, keeps items, logs JSON, and ends when it is told to."""
    (package,) = (found.parent.name for found in place.glob("src/*/settings.py"))
    port = unused_port()
    program, *rest = (part.replace("PACKAGE", package) for part in SERVED[name])
    own = {**environment, "PYTHONPATH": str(place / "src"), "PORT": str(port), "SECRET_KEY": "k" * 50}
    if name == "python-django":
        run([str(programs / "python"), "manage.py", "migrate"], place, own)
    with (place / "said.log").open("wb") as log:
        process = subprocess.Popen([str(programs / program), *rest], cwd=place, env=own, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for path in ("/health/live", "/health/ready"):
            eventually(lambda path=path: process.poll() is not None or answered(address + path)[0] == 200, within=60)
            assert process.poll() is None, (place / "said.log").read_text()
        status, item = answered(f"{address}/items", {"name": "lamp"})
        assert status == 201
        assert answered(f"{address}/items/{item['id']}") == (200, item)
        assert answered(f"{address}/items", {"name": ""})[0] == 422
        assert "detail" in answered(f"{address}/nowhere")[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait(30)
    assert '"path": "/items", "status": 201' in (place / "said.log").read_text()


class _engines:
    """The addresses for a capsule, with an empty Valkey; Django's tests make a database of their own."""

    def __init__(self, name: str, addons: Addons, engines: Engines) -> None:
        self._name, self._opening, self._redis_url = name, engines_for(addons, engines), engines.redis_url

    def __enter__(self) -> dict[str, str]:
        with redis.Redis.from_url(f"{self._redis_url.partition('?')[0]}?db=15") as client:
            client.flushdb()
        found = self._opening.__enter__()
        if self._name == "python-django" and "DATABASE_URL" in found:
            found["DATABASE_URL"] = found["DATABASE_URL"].replace("//esteio@", "//postgres@")
        return found

    def __exit__(self, *raised: object) -> None:
        self._opening.__exit__(None, None, None)


@pytest.mark.parametrize("name", PACKS)
def test_code_of_a_domain_is_tested_without_the_capsules_dependencies(name: str, tmp_path: Path) -> None:
    """A module where the pack puts the domain's code is imported and tested by pytest alone."""
    place = write(name, frozenset(), tmp_path)
    (package,) = (found.parent.name for found in place.glob("src/*/__init__.py"))
    domain = pack(name).domain
    for path, text in ((domain.module, DOMAIN), (domain.tests, DOMAIN_TESTS.format(package=package))):
        file = place / path.replace("__package__", package).format(name="prices")
        file.write_text(text)
    program, *rest = domain.run.format(name="prices").split()
    assert program == "python"
    alone = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    said = run([sys.executable, *rest, "-p", "no:cacheprovider"], place, alone)
    assert "1 passed" in said


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PACKS)
@pytest.mark.skipif(not EVERYTHING, reason="a part of make test-packs")
def test_ci_passes_on_a_clean_checkout(
    name: str, engines: Engines, tmp_path: Path, install: Callable[..., Path]
) -> None:
    """What a capsule gives to any CI makes its own environment and passes, and the project can be built."""
    place = write(name, pack(name).addons, tmp_path)
    with _engines(name, pack(name).addons, engines) as addresses:
        run(["./ci.sh"], place, environment(**addresses), 600)
    run(
        [".venv/bin/python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."],
        place,
        environment(),
    )
    (wheel,) = (place / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    for source in (place / "src").rglob("*"):
        if source.is_file() and "__pycache__" not in source.parts:
            assert source.relative_to(place / "src").as_posix() in names


@pytest.mark.parametrize("name", PACKS)
def test_a_lock_has_a_digest_for_everything_and_no_address(name: str) -> None:
    """What is installed is what was locked, wherever it is fetched from; an add-on that is not there brings nothing."""
    for _, addons in combos([name]):
        files = {file.path: file.content.decode() for file in generate(plain(choice_of(pack(name), addons)))}
        for path in sorted(path for path in files if path.endswith(".lock")):
            lock = files[path]
            assert "://" not in lock and re.search(r"^\S+==\S+", lock, re.MULTILINE)
            for entry in re.split(r"\n(?=\S)", lock.strip()):
                assert re.match(r"[a-z0-9.-]+==[^ ]+( ; .*)? \\\n +--hash=sha256:", entry), entry[:200]
            for addon, library in (("postgresql", "psycopg"), ("redis", "redis")):
                assert bool(re.search(rf"^{library}==", lock, re.MULTILINE)) == (addon in addons)
