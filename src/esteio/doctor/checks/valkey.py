"""Redis or Valkey: is it there, and what does it do when its memory is full?"""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, note, warning
from esteio.doctor.patience import NotKnown, words_of
from esteio.doctor.patient import Patient
from esteio.redis.addresses import CLUSTER
from esteio.redis.errors import RedisUnavailable

OLDEST = 7
_NEARLY = 0.9


async def _told(patient: Patient, section: str) -> dict[str, str]:
    """A section of INFO. Raises `NotKnown`."""
    try:
        answer = await patient.redis.execute("INFO", section)
    except RedisUnavailable as failure:
        raise NotKnown(f"Redis cannot be reached: {words_of(failure)}") from failure
    text = answer.decode() if isinstance(answer, bytes) else str(answer)
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


async def redis(patient: Patient) -> AsyncIterator[Finding]:
    _ = patient.settings
    try:
        told = await _told(patient, "server")
    except NotKnown as reason:
        yield error(
            f"{reason}.",
            why="Limits are guessed by each process alone, nothing is kept, jobs and live news wait.",
            fix="See whether it runs, and whether address, user and password are right.",
            variable="ESTEIO_REDIS__URL",
        )
        return
    if patient.settings.redis.url.get_secret_value().startswith(CLUSTER) and not await _whole(patient):
        yield error(
            "The Redis Cluster is not whole.",
            why="Keys of the part that is missing are refused: limits are guessed, nothing of it is kept.",
            fix="CLUSTER INFO and CLUSTER NODES say which primary is away; start it, or let a replica take over.",
            variable="ESTEIO_REDIS__URL",
        )
    version = told.get("valkey_version") or told.get("redis_version", "0")
    if int(version.partition(".")[0]) < OLDEST:
        yield warning(
            f"Redis {version} is old.",
            why=f"Esteio is proved on Redis {OLDEST} and later, and on Valkey.",
            fix="Upgrade it.",
            variable="ESTEIO_REDIS__URL",
        )


async def _whole(patient: Patient) -> bool:
    try:
        state: bytes = await patient.redis.execute("CLUSTER", "INFO")
    except RedisUnavailable:
        return False
    return b"cluster_state:ok" in state


async def memory(patient: Patient) -> AsyncIterator[Finding]:
    told = await _told(patient, "memory")
    most, used = int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    policy = told.get("maxmemory_policy", "")
    if not most:
        yield warning(
            "Redis has no maxmemory.",
            why="It grows until the system ends it, or ends something else.",
            fix="CONFIG SET maxmemory to what the machine can spare, and write it into its configuration.",
        )
    elif used > most * _NEARLY and policy == "noeviction":
        yield warning(
            f"Redis uses {used * 100 // most} % of its maxmemory, and evicts nothing.",
            why="Soon it refuses every write: limits are guessed, jobs and live news wait.",
            fix="Give it more memory, or set maxmemory-policy to volatile-ttl.",
        )
    if policy.startswith("allkeys") and _carries(patient):
        yield warning(
            f"maxmemory-policy is {policy}, and this Redis carries jobs as well.",
            why="Ids of jobs may be evicted: such jobs start late, when they are sent again.",
            fix="Set it to volatile-ttl, or give the broker a Redis of its own.",
            variable="ESTEIO_JOBS__BROKER_URL",
        )


def _carries(patient: Patient) -> bool:
    url, redis = patient.settings.jobs.broker_url, patient.settings.redis.url
    return url == redis or (url is None and not redis.get_secret_value().startswith(CLUSTER))


async def persistence(patient: Patient) -> AsyncIterator[Finding]:
    told = await _told(patient, "persistence")
    if told.get("aof_enabled") == "1" or told.get("rdb_last_bgsave_status") == "err":
        failed = told.get("rdb_last_bgsave_status") == "err"
        yield note(
            "Redis failed to write its last snapshot." if failed else "Redis writes every change to disk.",
            why="Nothing that was promised lives in Redis alone: it need not be kept, and writing it costs time.",
            fix="CONFIG SET save '' and appendonly no, where this Redis is for Esteio alone.",
        )
