"""Hearing over a WebSocket: what is told, where one goes on, what is refused."""

from tests.conftest import House
from tests.house import Served, eventually
from tests.realtime.client import Socket, all_told, numbers, socket, tell
from tests.realtime.conftest import Telling


class TestHearing:
    def test_a_fact_is_heard_on_its_channels(self, told: Served) -> None:
        """A change made over the API arrives on the channel of its kind and on that of its subject, as it was told."""
        pet = told.pet(name="Listened")
        all_told(told)
        with socket(told.url) as one:
            one.subscribe("pets")
            one.subscribe(f"pets.{pet['id']}")
            told.client.patch(f"/api/v2/pets/{pet['id']}", json={"name": "Heard"}).raise_for_status()
            heard = {message["channel"]: message for message in (one.hear(), one.hear())}
        assert set(heard) == {"pets", f"pets.{pet['id']}"}
        for message in heard.values():
            assert message["type"] == "event"
            assert message["event"] == "pet.updated"
            assert message["subject"] == pet["id"]
            assert message["data"]["pet"]["name"] == "Heard"
        assert len({message["id"] for message in heard.values()}) == 1

    def test_all_messages_come_once_and_in_order(self, told: Served) -> None:
        """What was told after the subscription arrives completely, in order, numbered without a hole."""
        with socket(told.url) as one:
            epoch, _, first = one.subscribe("pets").partition(":")
            tell(told, 1, 500)
            heard = one.events(500)
        assert numbers(heard) == list(range(1, 501))
        assert [message["position"] for message in heard] == [f"{epoch}:{int(first) + n}" for n in range(1, 501)]

    def test_everyone_hears_the_same_bytes(self, told: Served) -> None:
        """A message is the same for all who listen to its channel."""
        with socket(told.url) as one, socket(told.url) as other:
            one.subscribe("pets")
            other.subscribe("pets")
            tell(told, 1)
            assert one.connection.recv(30) == other.connection.recv(30)

    def test_unsubscribed_is_silent(self, told: Served) -> None:
        """After the answer to `unsubscribe` nothing of the channel comes any more."""
        with socket(told.url) as one, socket(told.url) as witness:
            one.subscribe("pets")
            witness.subscribe("pets")
            assert one.ask(type="unsubscribe", channel="pets") == {"type": "unsubscribed", "channel": "pets"}
            tell(told, 1)
            witness.events(1)
            assert one.ask(type="ping") == {"type": "pong"}

    def test_echo(self, told: Served) -> None:
        """What the first version of this API sent back is sent back."""
        with socket(told.url) as one:
            assert one.ask(type="echo", said=["ü", 1]) == {"type": "echo", "said": ["ü", 1]}

    def test_a_task_is_followed(self, told: Served) -> None:
        """Who asked for a task hears on its channel what becomes of it; another caller without permission does not."""
        task = told.client.post("/api/v2/pets/export", json={}).headers["location"].rpartition("/")[2]
        with socket(told.url) as one, socket(told.url, told.key("pets:write")) as stranger:
            one.subscribe(f"tasks.{task}")
            assert stranger.ask(type="subscribe", channel=f"tasks.{task}")["code"] == "NOT_FOUND"
            told.client.post(f"/api/v2/tasks/{task}/cancel").raise_for_status()
            assert one.hear()["event"] == "task.cancelled"


class TestResuming:
    def test_from_a_position(self, told: Served) -> None:
        """Who names the last position that arrived gets exactly what came after it, then what comes next."""
        with socket(told.url) as one:
            one.subscribe("pets")
            tell(told, 1, 300)
            last = one.events(300)[99]["position"]
        with socket(told.url) as one:
            assert one.subscribe("pets", last) == last
            tell(told, 301, 310)
            assert numbers(one.events(210)) == list(range(101, 311))

    def test_from_what_is_at_hand(self, told: Served) -> None:
        """It is the same where the process itself still holds what was missed."""
        with socket(told.url) as witness, socket(told.url) as one:
            witness.subscribe("pets")
            one.subscribe("pets")
            tell(told, 1, 30)
            last = one.events(30)[9]["position"]
            witness.events(30)
            assert one.ask(type="unsubscribe", channel="pets")["type"] == "unsubscribed"
            one.subscribe("pets", last)
            assert numbers(one.events(20)) == list(range(11, 31))

    def test_from_the_present(self, told: Served) -> None:
        """Who missed nothing is told of no gap, though nobody listened meanwhile."""
        with socket(told.url) as one:
            one.subscribe("pets")
            tell(told, 1)
            last = one.events(1)[0]["position"]
        with socket(told.url) as one:
            assert one.subscribe("pets", last) == last
            assert one.ask(type="ping") == {"type": "pong"}

    def test_history_that_is_gone_is_a_gap(self, telling: Telling) -> None:
        """Who comes back after more than the history holds is told so at once, and goes on from the present."""
        with telling(REALTIME__HISTORY_MESSAGES="10") as served:
            with socket(served.url) as one:
                start = one.subscribe("pets")
                tell(served, 1, 11)
                one.events(11)
            with socket(served.url) as one:
                gap_is_told(one, start)
                tell(served, 12)
                assert numbers(one.events(1)) == [12]

    def test_a_position_of_the_future_is_a_gap(self, told: Served) -> None:
        """A position that was never told proves nothing: whoever names it has to load anew."""
        with socket(told.url) as one:
            epoch, _, number = one.subscribe("pets").partition(":")
            one.ask(type="unsubscribe", channel="pets")
            gap_is_told(one, f"{epoch}:{int(number) + 5}")

    def test_numbers_of_another_life_are_a_gap(self, told: Served) -> None:
        """A position of an epoch that has passed is never mixed up with the present one."""
        with socket(told.url) as one:
            number = one.subscribe("pets").partition(":")[2]
            one.ask(type="unsubscribe", channel="pets")
            gap_is_told(one, f"0badc0de.1.1:{number}")

    def test_flushed_redis_is_a_gap_for_who_listens_and_for_who_returns(self, telling: Telling, house: House) -> None:
        """When Redis has lost everything, each listener is told of the gap and hears all that is told afterwards."""
        with telling() as served, socket(served.url) as one:
            one.subscribe("pets")
            tell(served, 1, 3)
            last = one.events(3)[-1]["position"]
            served.run(lambda: served.app.resources.redis.execute("FLUSHDB"))
            tell(served, 4)
            gap = one.hear()
            assert (gap["type"], gap["channel"]) == ("gap", "pets")
            tell(served, 5)
            assert numbers(one.events(1)) == [5]
            with socket(served.url) as other:
                gap_is_told(other, last)

    def test_a_restored_copy_of_redis_is_a_gap(self, told: Served) -> None:
        """Numbers that another life of the server has given out are not taken for the same ones."""
        with socket(told.url) as one:
            here = one.subscribe("pets")
            one.ask(type="unsubscribe", channel="pets")
        other_life = ("0" if here[0] != "0" else "1") + here.partition(":")[0][1:]
        redis = told.app.resources.redis
        (meta,) = told.run(lambda: redis.execute("KEYS", "*realtime:channel:pets"))
        told.run(lambda: redis.execute("HSET", meta, "e", other_life))
        with socket(told.url) as one:
            gap_is_told(one, f"{other_life}:{here.partition(':')[2]}")


class TestRefusals:
    def test_unknown_foreign_and_forbidden_channels_are_refused_alike(self, told: Served) -> None:
        """Nobody learns from a refusal whether there is such a channel: the words are the same for all of them."""
        pet = told.pet()
        tenant = {"slug": "listeners", "name": "Listeners"}
        first = {"email": "boss@listeners.example", "name": "Boss", "password": "correct horse battery"}
        told.client.post("/api/v2/tenants", json={**tenant, "admin": first}).raise_for_status()
        login = {"email": first["email"], "password": first["password"]}
        token = told.anonymous.post("/api/v2/auth/login", json=login).json()["data"]["access_token"]
        names = [
            f"pets.{pet['id']}",
            f"pets.{pet['id'][:-1]}x",
            "nothing",
            "pets.{id}",
            "tasks.x",
            f"events.{pet['id']}",
        ]
        with socket(told.url, None, additional_headers={"Authorization": f"Bearer {token}"}) as stranger:
            refused = [stranger.ask(type="subscribe", channel=name) for name in names]
        with socket(told.url, None) as nobody:
            refused += [nobody.ask(type="subscribe", channel=name) for name in ("events", f"tasks.{pet['id']}")]
        assert {answer.pop("channel") for answer in refused} == {*names, "events", f"tasks.{pet['id']}"}
        assert len({str(answer) for answer in refused}) == 1
        assert refused[0]["code"] == "NOT_FOUND"

    def test_another_tenants_facts_are_not_heard(self, told: Served) -> None:
        """A channel has the same name in every tenant, and only one's own facts."""
        other = "00000000-0000-7000-8000-00000000abcd"
        told.sql("INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'deaf', 'Deaf', 1)", other)
        with socket(told.url) as one:
            one.subscribe("pets")
            one.subscribe("events")
            tell(told, 1, tenant=other)
            all_told(told)
            tell(told, 2)
            assert numbers(one.events(2)) == [2, 2]

    def test_malformed_messages(self, told: Served) -> None:
        """What cannot be understood is answered with an error that says why; the connection goes on."""
        with socket(told.url) as one:
            one.connection.send("{")
            assert one.hear()["code"] == "MALFORMED_JSON"
            one.connection.send("[]")
            assert one.hear()["code"] == "MALFORMED_JSON"
            for wrong in ({}, {"type": "shout"}, {"type": "subscribe"}, {"type": "subscribe", "channel": 5}):
                assert one.ask(**wrong)["code"] == "VALIDATION_ERROR"
                assert one.ask(type="ping") == {"type": "pong"}
            for since in ("x", 5, "a:b", "a:-1", "a:" + "9" * 40):
                assert one.ask(type="subscribe", channel="pets", since=since)["code"] == "VALIDATION_ERROR"
                assert one.ask(type="ping") == {"type": "pong"}

    def test_one_who_only_talks_nonsense_is_closed(self, told: Served) -> None:
        """Repeated malformed messages end the connection with 1007, binary ones with 1003."""
        for said, code in (("{", 1007), (b"\x00", 1003), ('{"type": "shout"}', 1008)):
            with socket(told.url) as one:
                for _ in range(5):
                    one.connection.send(said)
                assert one.closed()[0] == code

    def test_too_long_a_message(self, told: Served) -> None:
        """A message over the bound ends the connection with 1009, whatever it says."""
        with socket(told.url) as one:
            one.connection.send(" " * 16_385)
            assert one.closed()[0] == 1009

    def test_a_channel_once(self, told: Served) -> None:
        """A second subscription to the same channel is refused; the first stays."""
        with socket(told.url) as one:
            one.subscribe("pets")
            assert one.ask(type="subscribe", channel="pets")["code"] == "CONFLICT"
            tell(told, 1)
            assert numbers(one.events(1)) == [1]


class TestLimits:
    def test_subscriptions_of_a_connection(self, telling: Telling) -> None:
        """No connection subscribes to more channels than it may; one that it leaves makes room."""
        with telling(REALTIME__SUBSCRIPTIONS="1") as served, socket(served.url) as one:
            one.subscribe("pets")
            assert one.ask(type="subscribe", channel="events")["code"] == "CONFLICT"
            one.ask(type="unsubscribe", channel="pets")
            one.subscribe("events")

    def test_messages_of_a_caller(self, telling: Telling) -> None:
        """Messages beyond the limit are refused with the time to wait; who goes on all the same is closed with 1008."""
        with telling(REALTIME__MESSAGES="3/minute") as served, socket(served.url) as one:
            assert [one.ask(type="ping")["type"] for _ in range(3)] == ["pong"] * 3
            refused = one.ask(type="ping")
            assert refused["code"] == "RATE_LIMITED"
            assert 1 <= refused["retry_after"] <= 67
            for _ in range(5):
                one.say(type="ping")
            assert one.closed()[0] == 1008

    def test_no_room_is_left_behind(self, told: Served) -> None:
        """What a connection held is free once it has gone: its feeds, its place, its caller's count."""
        with socket(told.url) as one:
            one.subscribe("pets")
        hub = told.app.realtime.hub
        eventually(lambda: not hub._feeds and not hub._subscriptions)
        eventually(lambda: not told.app.realtime._open and not told.app.realtime._callers)


def gap_is_told(one: Socket, since: str) -> None:
    """Resuming there begins at the present, and says that something is missing."""
    answer = one.ask(type="subscribe", channel="pets", since=since)
    assert answer["type"] == "subscribed"
    gap = one.hear()
    assert gap == {"type": "gap", "channel": "pets", "position": answer["position"]}
