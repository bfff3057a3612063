"""What carries job ids from the relay to workers: Celery, on Redis or RabbitMQ by the broker's address."""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from celery import Celery
from kombu import Queue

from esteio.base.errors import StartRefused
from esteio.jobs.kinds import QUEUES
from esteio.redis.addresses import CLUSTER, SENTINEL, read_address

TASK = "esteio.run"
"""The one Celery task: it is given ids of jobs, and PostgreSQL says what they are."""

EXPIRES = 60.0
"""Seconds after which an id that was not taken off the broker is thrown away: it has been sent again by then."""

LONGEST = 5.0
"""Seconds after which carrying stops for a look at what else there is to do."""

ANSWER = 4.0
"""Seconds in which RabbitMQ says that it has a message."""

AT_ONCE = 32
"""Messages that are given to the broker together."""

_KEYS = "esteio-broker:"


def make_celery(url: str) -> Celery:
    """The Celery application, for relays that publish and for workers that consume.

    Ids are acknowledged when they arrive, and kept nowhere else by Celery: what a worker did not finish, PostgreSQL
    knows. Every wait for the broker is bounded.
    """
    app = Celery("esteio", broker=broker_address(url), set_as_current=False)
    app.conf.update(
        task_default_queue="io",
        task_queues=[Queue(queue, routing_key=queue) for queue in QUEUES],
        task_create_missing_queues=False,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_enable_prefetch_count_reduction=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=True,
        worker_send_task_events=False,
        broker_connection_timeout=3,
        broker_heartbeat=4,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(url),
    )
    return app


def _transport(url: str) -> dict[str, Any]:
    if url.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": 5, "write_timeout": 5, "connect_timeout": 3}
    return {
        "global_keyprefix": _KEYS,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "retry_on_timeout": False,
        "health_check_interval": 3,
        # What a worker had in hand when it died is sent again by the reconciler, long before this would notice.
        "ack_emulation": False,
        **_sentinel_options(url),
    }


def _sentinel_options(url: str) -> dict[str, Any]:
    if not url.startswith(SENTINEL):
        return {}
    address = read_address(url)
    secured = url.startswith("rediss")
    asking = {**(address.asking or {}), "socket_timeout": 2, "ssl": secured}
    return {"master_name": address.service, "sentinel_kwargs": asking}


def _by_sentinels(url: str) -> str:
    """Each Sentinel as an address of its own, with the credentials and the database of the server it leads to."""
    parts, address = urlsplit(url), read_address(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    database = address.arguments["db"]
    hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in address.places)
    return ";".join(f"sentinel://{credentials}{at}{host}/{database}" for host in hosts)


def broker_address(url: str) -> str:
    """The address as Celery writes it: a Unix socket of Redis is `redis+socket://`, its database a virtual host.

    Sentinels are a list of theirs. Raises `StartRefused` for a Cluster, which cannot carry jobs.
    """
    if url.startswith(SENTINEL):
        return _by_sentinels(url)
    if url.startswith(CLUSTER):
        raise StartRefused(
            "A Redis Cluster cannot carry jobs: set ESTEIO_JOBS__BROKER_URL to RabbitMQ (amqp://…), or to a Redis or "
            "Sentinels of its own (redis://…, redis+sentinel://…)."
        )
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    password = f":{parts.password}@" if parts.password else ""
    return f"redis+socket://{password}{parts.path}?virtual_host={database}"


class Carrier:
    """Publishes ids over one connection of its own. Blocking: a relay calls it from a thread."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._connection: Any = None
        self._producer: Any = None

    def carry(self, queue: str, batches: Sequence[Sequence[UUID]]) -> int:
        """How many batches were given to the broker, from the first on.

        It stops at the first that was refused, or after some seconds, so that a slow broker delays nothing else. Raises
        what the broker's client raises when it took none.
        """
        end = monotonic() + LONGEST
        sent = 0
        try:
            while sent < len(batches) and monotonic() < end:
                some = batches[sent : sent + AT_ONCE]
                self._send(queue, some)
                sent += len(some)
        except Exception:
            self.close()
            if sent == 0:
                raise
        return sent

    def _send(self, queue: str, batches: Sequence[Sequence[UUID]]) -> None:
        producer = self.open()
        with producer.batch():  # one round trip where the broker can
            for jobs in batches:
                self._celery.send_task(
                    TASK,
                    args=([str(job) for job in jobs],),
                    task_id=str(jobs[0]),
                    queue=queue,
                    expires=EXPIRES,
                    producer=producer,
                    ignore_result=True,
                    confirm_timeout=ANSWER,
                )

    def open(self) -> Any:
        """The producer of the connection, made where there is none. Raises within seconds when the broker is away."""
        if self._producer is None:
            self._connection = self._celery.connection_for_write()
            try:
                self._connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
            except BaseException:
                self.close()
                raise
            self._producer = self._celery.amqp.Producer(self._connection, auto_declare=False)
        return self._producer

    def close(self) -> None:
        """Drop the connection; the next use makes a new one."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # it was broken, which is why it is dropped
                connection.release()
