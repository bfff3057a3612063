"""Plain Celery on the same broker: `delay` from one process, one worker, early acknowledgement, results ignored.

`python -m bench.peers.plain_celery 5000` enqueues, `celery -A bench.peers.plain_celery worker` runs. What a worker has
in hand when it dies is lost: its transport keeps no copy, as that of Esteio's own worker keeps none. The task counts
itself and tells Redis when the last of its batch has run, once a batch.
"""

import json
import multiprocessing
import os
import sys
import time

import redis
from celery import Celery

from esteio.jobs.broker import broker_address

URL = os.environ["BENCH_BROKER_URL"]
ENDED = "bench:ended"

app = Celery("plain", broker=broker_address(URL))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=4,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"ack_emulation": False, "socket_keepalive": True},
)
_ran = multiprocessing.Value("q", 0)


@app.task(name="bench.nothing", ignore_result=True)
def nothing(number: int, of: int) -> None:
    """Nothing, but the last of the batch says when."""
    with _ran.get_lock():
        _ran.value += 1
        last = _ran.value % of == 0
    if last:
        with redis.Redis.from_url(URL) as client:
            client.rpush(ENDED, time.monotonic())


def main(count: int) -> None:
    """Enqueue so many, one `delay` each; when it began and what CPU it took goes to standard output."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(timeout=5)
    began, spent = time.monotonic(), time.process_time()
    for number in range(count):
        nothing.delay(number, count)
    print(json.dumps({"began": began, "ended": time.monotonic(), "cpu": time.process_time() - spent}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
