"""A million outages, as a distributor has them after some years, and the universe that they are in."""

from bench.engines import Engines
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING

PATH = "/radar/quantitativointerrupcoesativas"
STORED, OPEN = 1_000_000, 1_000
CONJUNTOS, MUNICIPIOS = 60, 15
DATABASE = "esteio"

FILL = f"""
SET {SETTING} = '{DEFAULT_TENANT}';
INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at)
SELECT uuidv7(), '{DEFAULT_TENANT}', 'bench-' || n, 'api', n % 5 = 0,
       now() - make_interval(mins => (CASE WHEN n <= {OPEN} THEN n % 600 ELSE n END)::int),
       CASE WHEN n > {OPEN}
            THEN now() - make_interval(mins => n::int) + make_interval(mins => least(n, 30 + n % 400)::int) END
FROM generate_series(1, {STORED}) AS n;
INSERT INTO outage_areas (outage_id, conjunto, municipio, tenant_id, affected, ucs)
SELECT id, 12700 + n % {CONJUNTOS}, 1400000 + n % {MUNICIPIOS}, '{DEFAULT_TENANT}', 1 + n % 90,
       CASE WHEN n % 2 = 0 AND n <= {OPEN} * 2
            THEN ARRAY(SELECT 'UC' || (n * 7 + k) % 100000 FROM generate_series(0, n % 90) AS k) END
FROM (SELECT id, split_part(external_id, '-', 2)::int AS n FROM outages) AS stored;
INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at)
SELECT DISTINCT '{DEFAULT_TENANT}'::uuid, 12700 + n % {CONJUNTOS}, 1400000 + n % {MUNICIPIOS}, 20000, now()
FROM generate_series(1, {CONJUNTOS * MUNICIPIOS}) AS n;
INSERT INTO limit_overrides (name, quota, "window", updated_by) VALUES ('outages.radar', 6000000, 60, 'bench');
"""


def fill(engines: Engines) -> None:
    """A million outages, of which some are open, and the universe that they are in."""
    engines.psql(FILL, DATABASE)
    engines.psql("VACUUM ANALYZE outages, outage_areas, outage_universe", DATABASE)
