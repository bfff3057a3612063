"""What `esteio restore` says of a Redis Cluster."""

from tests.backups.conftest import Emptied, NewScene
from tests.cli.command import run
from tests.house import unused_port


def test_its_keys_are_left_to_the_operator(new_scene: NewScene, emptied: Emptied) -> None:
    """Of a Cluster no key is removed: the command warns and says what to delete; with --keep-redis it need not."""
    first = new_scene()
    first.back_up()
    url = f"redis+cluster://127.0.0.1:{unused_port()}"
    broker = first.environment["ESTEIO_REDIS__URL"]
    for words, warned in ((), True), (("--keep-redis",), False):
        second = emptied(first).with_(REDIS__URL=url, JOBS__BROKER_URL=broker)
        done = run("restore", *words, environment=second.environment)
        assert done.code == 0, done.said
        assert "is restored as of" in done.out
        said = "Redis is a Cluster" in done.err and "esteio:* on each of its primaries" in done.err
        assert said is warned, done.err
