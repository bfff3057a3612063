"""What Redis still holds of a time that the restored database has not seen."""

from esteio.redis.client import RedisClient
from esteio.redis.keys import PREFIX

_SOME = 1_000


async def forget_all(redis: RedisClient) -> int:
    """Remove the keys of the house, and nobody else's; how many. Raises `Unavailable`.

    Not for a Cluster: each of its primaries has keys of its own, and would have to be asked by itself.
    """
    cursor, removed = "0", 0
    while True:
        told = await redis.execute("SCAN", cursor, "MATCH", f"{PREFIX}:*", "COUNT", _SOME)
        cursor = told[0].decode() if isinstance(told[0], bytes) else str(told[0])
        for key in told[1]:
            removed += int(await redis.execute("UNLINK", key))
        if cursor == "0":
            return removed
