"""Capsules that are there: a thousand small ones to list, and ones of many megabytes to export."""

import asyncio
import hashlib
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.engines import Engines
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING

DATABASE = "esteio"
LISTED = 1_000
LARGE, SMALL = 100, 10
"""Megabytes."""

FILE = 65_536
_MEGABYTE = 1_000_000
_CAPSULE = """
INSERT INTO capsules (id, tenant_id, project_name, description, tech_stack, technologies, requirements, constraints,
                      priority, metadata, provider, status, base, owner, current, files, bytes, created_at)
"""
_VALUES = """'{{Python,FastAPI}}', '{{fastapi,python}}', '{{}}', '{{}}', 'normal', '{{}}', 'template', 'completed',
       'python-fastapi', 'bench', 1, {files}, {bytes}"""

_CONTENT = f"INSERT INTO capsule_contents VALUES ('{DEFAULT_TENANT}', $1, $2, now()) ON CONFLICT DO NOTHING"
_FILE = f"INSERT INTO capsule_files VALUES ($1, 1, $2, '{DEFAULT_TENANT}', $3, $4, false, 'template')"

LIST = f"""
SET {SETTING} = '{DEFAULT_TENANT}';
{_CAPSULE}
SELECT uuidv7(), '{DEFAULT_TENANT}', 'Project ' || n, 'Takes the orders of a bakery and tells its customers.',
       {_VALUES.format(files=30, bytes=50_000)}, timestamptz '2026-01-01' + make_interval(secs => n)
FROM generate_series(1, {LISTED}) AS n;
INSERT INTO limit_overrides (name, quota, "window", updated_by)
VALUES ('capsules.create', 6000000, 60, 'bench') ON CONFLICT DO NOTHING;
INSERT INTO plans (name, limit_text) VALUES ('bench', '6000000/minute') ON CONFLICT DO NOTHING;
INSERT INTO plan_quotas (plan, quota, amount)
SELECT 'bench', name, NULL FROM unnest(ARRAY['capsules.capsules', 'capsules.storage', 'capsules.exports']) AS name
ON CONFLICT DO NOTHING;
UPDATE tenants SET plan = 'bench' WHERE id = '{DEFAULT_TENANT}';
"""


@dataclass(frozen=True)
class Stored:
    """A capsule with one version."""

    capsule: str


def fill_list(engines: Engines) -> None:
    """What is listed, and room for what the bench makes."""
    engines.psql(LIST, DATABASE)
    engines.psql("VACUUM ANALYZE capsules", DATABASE)


def fill(engines: Engines, megabytes: int) -> Stored:
    """A capsule of so many megabytes of source code, in files of 64 KiB that are all different."""
    stored = Stored(str(new_id()))
    asyncio.run(_write(engines.database_url(DATABASE), stored, megabytes * _MEGABYTE // FILE))
    return stored


async def _write(url: str, stored: Stored, number: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config($1, $2, false)", SETTING, str(DEFAULT_TENANT))
        await connection.execute(_of(stored.capsule, number))
        files = [(hashlib.sha256(text).digest(), text) for _, text in zip(range(number), _sources(), strict=False)]
        await connection.executemany(_CONTENT, files)
        rows = [
            (stored.capsule, f"src/{place // 100:03}/{place:05}.py", digest, len(text))
            for place, (digest, text) in enumerate(files)
        ]
        await connection.executemany(_FILE, rows)
    finally:
        await connection.close()


def _of(capsule: str, files: int) -> str:
    size = files * FILE
    return (
        f"{_CAPSULE} SELECT '{capsule}', '{DEFAULT_TENANT}', 'Large', 'Large.', "
        f"{_VALUES.format(files=files, bytes=size)}, now();"
        f"INSERT INTO capsule_versions VALUES ('{capsule}', 1, '{DEFAULT_TENANT}', 'created', 'Large', 'Large.', "
        f"'{{}}', '{{}}', '{{}}', 'python-fastapi', 'bench', 'template', NULL, {files}, {size}, '', 'bench', now());"
    )


def _sources() -> Iterator[bytes]:
    """Pieces of the standard library's own source, over and over, each told apart by its first line."""
    library = Path(sysconfig.get_paths()["stdlib"])
    texts = [file.read_bytes() for file in sorted(library.glob("*.py"))]
    whole, place = b"".join(texts), 0
    while True:
        head = b"# piece %d\n" % place
        start = place * FILE % (len(whole) - FILE)
        yield (head + whole[start : start + FILE])[:FILE]
        place += 1
