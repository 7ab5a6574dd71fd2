"""The MQTT listener with a real Mosquitto and a real database, killed in between."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.db import Database, Role
from geo.errors import ConfigError, InputError
from geo.settings import SourceSettings
from geo.settings_live import MqttSettings
from ingest import mqtt
from ingest.fix_batch import FixBatch
from ingest.mqtt import Listener
from ingest.mqtt_client import broker_of, read_password
from ingest.mqtt_messages import Message, Sources, deliveries_of, refused
from ingest.registry import register_source
from tests.ingest.broker import Broker, Publisher, until
from tests.ingest.conftest import NOW, Rows

FLEET = {"fleet": SourceSettings(), "other": SourceSettings(timezone="Asia/Tokyo", fields={"vehicle": "id", "at": "t"})}
COUNT = "SELECT count(*) FROM raw.fix"
IN_SPITE_OF_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def mosquitto(installed: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PATH", "/usr/sbin", prepend=":")  # where Debian puts it, and not every user looks
    return installed("mosquitto", "mosquitto")


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Broker]:
    made = Broker(mosquitto, tmp_path)
    made.start()
    yield made
    made.close()


@contextmanager
def _publishing(broker: Broker, **login: str) -> Iterator[Publisher]:
    publisher = Publisher(broker, **login)
    try:
        yield publisher
        publisher.wait()
    finally:
        publisher.close()


@contextmanager
def _listening(database: Database, broker: Broker, **more: Any) -> Iterator[Listener]:
    """A listener in a thread; what it raises is raised at the end."""
    stopping, failed = threading.Event(), []
    password = more.pop("password", None)
    said: list[str] = more.pop("said", [])
    listener = Listener(
        database, MqttSettings(url=broker.url, **more), FLEET, password=password, say=said.append, now=lambda: NOW
    )

    def run() -> None:
        try:
            listener.run(stopping)
        except Exception as error:  # raised again below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener
    finally:
        stopping.set()
        thread.join()
    if failed:
        raise failed[0]


def _fix(second: int, **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=1) + timedelta(seconds=second)).isoformat()
    return {"at": at, "lon": 136.6 + second / 1e5, "lat": 36.5} | more


def _subscribe_once(database: Database, broker: Broker, **more: Any) -> None:
    """Make the session at the broker, as a listener that ran before has done."""
    said: list[str] = []
    with _listening(database, broker, said=said, **more):
        until(lambda: said)
    assert said == ["mqtt: listening to ploughs/+/+"]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_messages_of_every_kind_become_fixes(database: Database, rows: Rows, broker: Broker, version: Any) -> None:
    with _listening(database, broker, version=version) as listener, _publishing(broker) as publisher:
        until(lambda: listener._is_subscribed)
        publisher.send("ploughs/fleet/S-1", _fix(0, blade=True, heading_deg=90, vehicle="not this one"))
        publisher.send("ploughs/fleet/S-1", [_fix(1), _fix(2)])
        publisher.send("ploughs/fleet/S-2", {"fixes": [_fix(3)]})
        publisher.send("ploughs/other/除雪 3", "\n".join(json.dumps({"t": "2026-01-31 23:00:0" + s, "lon": 136.6,
                                                                  "lat": 36.5, "id": "x"}) for s in "45"))  # fmt: skip
        publisher.send("ploughs/fleet/S-1", _fix(6), qos=0)
        until(lambda: listener.counts.n_accepted == 7)
    assert listener.counts.n_messages == 5
    found = rows(
        "SELECT s.name, v.external_id, f.at, f.blade, f.heading_deg FROM raw.fix AS f JOIN raw.vehicle AS v "
        "USING (vehicle_id) JOIN raw.source AS s USING (source_id) ORDER BY 1, 2, 3"
    )
    begin = NOW - timedelta(hours=1)
    assert [(row[0], row[1], (row[2] - begin).total_seconds()) for row in found] == [
        ("fleet", "S-1", 0), ("fleet", "S-1", 1), ("fleet", "S-1", 2), ("fleet", "S-1", 6), ("fleet", "S-2", 3),
        ("other", "除雪 3", -32_396), ("other", "除雪 3", -32_395),
    ]  # fmt: skip
    assert found[0][3:] == (True, 90.0)


def test_bad_messages_are_kept_with_their_reason_and_do_not_come_again(
    database: Database, rows: Rows, broker: Broker
) -> None:
    with _listening(database, broker, max_message_bytes=300) as listener, _publishing(broker) as publisher:
        until(lambda: listener._is_subscribed)
        publisher.send("ploughs/fleet/S-1", "{not json")
        publisher.send("ploughs/fleet/S-1", "")
        publisher.send("ploughs/fleet/S-1", b"\xff\xfe")
        publisher.send("ploughs/fleet/S-1", _fix(0, note="x" * 300))
        publisher.send("ploughs/nobody/S-1", _fix(1))
        publisher.send("ploughs/fleet/ ", _fix(2))
        publisher.send("ploughs/fleet/S-1", [_fix(3), 7, _fix(4, lat="north")])
        publisher.send("ploughs/fleet/S-1", _fix(0) | {"at": "2026-01-31T09:00:00"})  # the source has no zone
        until(lambda: listener.counts.n_messages == 8)
        assert listener.counts.n_accepted == 1
        assert listener.counts.n_away == 0
    found = rows(
        "SELECT s.name, q.reason, q.item, q.payload ->> 'topic' FROM raw.quarantine AS q JOIN raw.source AS s "
        "USING (source_id) ORDER BY 1, 2, 3, q.detail"
    )
    topic = "ploughs/fleet/S-1"
    assert [row for row in found if row[1] == "malformed" and row[2] is None] == [
        ("fleet", "malformed", None, topic)] * 4 + [("mqtt", "malformed", None, "ploughs/fleet/ ")]  # fmt: skip
    assert [row for row in found if row[2] is not None or row[1] != "malformed"] == [
        ("fleet", "malformed", 1, None), ("fleet", "not_a_number", 2, None), ("fleet", "unparsable_time", 0, None),
        ("mqtt", "unknown_source", None, "ploughs/nobody/S-1"),
    ]  # fmt: skip
    with _listening(database, broker) as again:
        until(lambda: again._is_subscribed)
        with _publishing(broker) as publisher:
            publisher.send("ploughs/fleet/S-1", _fix(9))
        until(lambda: again.counts.n_messages == 1)
    assert again.counts.n_accepted == 1


def test_a_source_that_has_a_key_and_no_settings_may_send(database: Database, rows: Rows, broker: Broker) -> None:
    with database.connect(Role.INGEST) as connection:
        register_source(connection, "keyed", "live", SourceSettings())
    with _listening(database, broker) as listener, _publishing(broker) as publisher:
        until(lambda: listener._is_subscribed)
        publisher.send("ploughs/keyed/S-1", _fix(0))
        until(lambda: listener.counts.n_accepted == 1)
    assert rows("SELECT kind FROM raw.source WHERE name = 'keyed'") == [("live",)]


def test_many_messages_share_a_transaction_and_a_backlog_is_taken_in_order(
    database: Database, rows: Rows, broker: Broker
) -> None:
    _subscribe_once(database, broker)
    with _publishing(broker) as publisher:
        for second in range(500):
            publisher.send(f"ploughs/fleet/S-{second % 7}", _fix(second))
    with _listening(database, broker, receive_max=100) as listener:
        until(lambda: listener.counts.n_messages == 500)
    assert rows(COUNT) == [(500,)]
    assert 5 <= rows("SELECT count(*) FROM raw.batch")[0][0] <= 60
    assert max(row[0] for row in rows("SELECT n FROM raw.batch")) <= 100


def test_killed_brokers_lose_nothing(database: Database, rows: Rows, broker: Broker) -> None:
    """Killed while nobody listens, and again while the listener takes what the broker kept."""
    said: list[str] = []
    _subscribe_once(database, broker)
    with _publishing(broker) as publisher:
        for second in range(300):
            publisher.send("ploughs/fleet/S-1", _fix(second))
        publisher.wait()
        # Mosquitto confirms before it saves; when it confirms one more, it has saved what it had before
        publisher.send("ploughs/fleet/S-1", _fix(0))
    broker.kill()
    broker.start()
    with _listening(database, broker, receive_max=20, said=said) as listener:
        until(lambda: listener.counts.n_messages >= 40)
        broker.kill()
        until(lambda: any("answer" in text or "went away" in text for text in said))
        broker.start()
        until(lambda: rows(COUNT) == [(300,)])
        until(lambda: said[-1] == "mqtt: listening to ploughs/+/+")
        with _publishing(broker) as publisher:
            publisher.send("ploughs/fleet/S-2", _fix(0))
        until(lambda: rows(COUNT) == [(301,)])
    assert listener.counts.n_accepted == 301
    assert rows("SELECT count(DISTINCT at) FROM raw.fix") == [(300,)]


KILLED_BEFORE_ACK = """
import os, signal, sys, threading
from paho.mqtt.client import Client
from geo.db import Database
from geo.settings import SourceSettings
from geo.settings_live import MqttSettings
from ingest.mqtt import Listener

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

Client.ack = killed
database = Database(sys.argv[1], roles_log_in=True)
Listener(database, MqttSettings(url=sys.argv[2]), {"fleet": SourceSettings()}, say=print).run(threading.Event())
"""


def test_a_listener_killed_between_commit_and_acknowledgement_gets_it_again(
    database: Database, rows: Rows, broker: Broker
) -> None:
    _subscribe_once(database, broker)
    with _publishing(broker) as publisher:
        publisher.send("ploughs/fleet/S-1", _fix(0))
        publisher.send("ploughs/fleet/S-1", _fix(1))
    died = subprocess.run([sys.executable, "-c", KILLED_BEFORE_ACK, database.conninfo, broker.url], check=False)
    assert died.returncode == -signal.SIGKILL
    stored = rows("SELECT xmin, ctid, at FROM raw.fix ORDER BY at")
    assert len(stored) == 2
    with _listening(database, broker) as listener:
        until(lambda: listener.counts.n_messages == 2)
    assert (listener.counts.n_accepted, listener.counts.n_repeated) == (0, 2)
    assert rows("SELECT xmin, ctid, at FROM raw.fix ORDER BY at") == stored
    with _listening(database, broker) as listener:  # acknowledged by now: nothing is left
        until(lambda: listener._is_subscribed)
        with _publishing(broker) as publisher:
            publisher.send("ploughs/fleet/S-1", _fix(2))
        until(lambda: listener.counts.n_messages)
    assert listener.counts.n_messages == 1


def test_a_database_that_is_away_costs_time_and_no_message(
    database: Database, rows: Rows, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused at first, cut off in the middle of a group, then well: all that was published is there, once."""
    _subscribe_once(database, broker)
    said: list[str] = []
    true_connect, true_write, n_writes = psycopg.connect, mqtt.write_group, 0

    def write(connection: psycopg.Connection[Any], deliveries: Any) -> Any:
        nonlocal n_writes
        n_writes += 1
        if n_writes in (2, 3):
            with true_connect(database.conninfo) as other:  # as the owner: end the listener's session
                other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        return true_write(connection, deliveries)

    def refuse(*_: Any, **__: Any) -> Any:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(mqtt, "write_group", write)
    monkeypatch.setattr(mqtt.psycopg, "connect", refuse)
    with _publishing(broker) as publisher:
        for second in range(100):
            publisher.send("ploughs/fleet/S-1", _fix(second))
    with _listening(database, broker, receive_max=30, said=said) as listener:
        until(lambda: said == ["mqtt: the database does not answer; trying again"])
        monkeypatch.setattr(mqtt.psycopg, "connect", true_connect)
        until(lambda: listener.counts.n_messages == 100)
    assert rows("SELECT count(*), count(DISTINCT at) FROM raw.fix") == [(100, 100)]
    assert any("does not take messages" in text for text in said)
    assert said[-1].startswith("mqtt: listening")


def test_a_group_that_the_database_refuses_is_written_message_by_message(
    database: Database, rows: Rows, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _subscribe_once(database, broker)
    true_write = mqtt.write_group

    def write(connection: psycopg.Connection[Any], deliveries: Any) -> Any:
        if any("poison" in delivery.batch.names for delivery in deliveries):
            raise psycopg.DataError("no such thing")
        return true_write(connection, deliveries)

    monkeypatch.setattr(mqtt, "write_group", write)
    with _publishing(broker) as publisher:
        for vehicle in ("a", "poison", "b"):
            publisher.send(f"ploughs/fleet/{vehicle}", _fix(0))
    with _listening(database, broker, linger_s=1) as listener:
        until(lambda: listener.counts.n_messages == 3)
    assert rows("SELECT external_id FROM raw.vehicle JOIN raw.fix USING (vehicle_id) ORDER BY 1") == [("a",), ("b",)]
    assert rows("SELECT reason, payload ->> 'topic' FROM raw.quarantine") == [("malformed", "ploughs/fleet/poison")]


def test_logins_are_used_and_never_said(
    database: Database, mosquitto: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    passwords = tmp_path / "passwords"
    passwords.write_text("listener:s3cr3t\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    guarded = Broker(mosquitto, tmp_path, more=["allow_anonymous false", f"password_file {passwords}"])
    guarded.start()
    try:
        said: list[str] = []
        with _listening(database, guarded, said=said):
            until(lambda: any("refuses us" in text for text in said))
        with _listening(database, guarded, username="listener", password="wr0ng", said=said):
            until(lambda: len(said) > 1)
        with (
            _listening(database, guarded, username="listener", password="s3cr3t", said=said) as listener,
            _publishing(guarded, username="listener", password="s3cr3t") as publisher,
        ):
            until(lambda: listener._is_subscribed)
            publisher.send("ploughs/fleet/S-1", _fix(0))
            until(lambda: listener.counts.n_accepted == 1)
    finally:
        guarded.close()
    assert "s3cr3t" not in caplog.text + "".join(said)
    assert "wr0ng" not in caplog.text + "".join(said)


def test_settings_that_cannot_be_are_named(tmp_path: Path) -> None:
    for url in (None, "http://h", "mqtt://", "mqtt://h:0", "mqtt://h:99999", "mqtt://me:pw@h", "mqtt://h/x", "h:1883"):
        with pytest.raises(ConfigError, match=r"mqtt\.url") as caught:
            broker_of(MqttSettings(url=url))
        assert "pw" not in str(caught.value)
    with pytest.raises(ConfigError, match="no certificates"):
        broker_of(MqttSettings(url="mqtts://h", ca_file=str(tmp_path / "none")))
    where = broker_of(MqttSettings(url="mqtts://h"))
    assert (where.host, where.port, where.tls is not None) == ("h", 8883, True)
    assert broker_of(MqttSettings(url="mqtt://[::1]:7")).port == 7


def test_passwords_come_by_environment_or_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" with spaces \n")
    by_file = MqttSettings(password_file=str(file))
    assert read_password(MqttSettings(), {}) is None
    assert read_password(by_file, {}) == " with spaces "
    assert read_password(by_file, {"YUKI_MQTT_PASSWORD": "first"}) == "first"
    with pytest.raises(ConfigError, match="none"):
        read_password(MqttSettings(password_file=str(tmp_path / "none")), {})


def _deliveries(database: Database, *messages: Message, sources: Sources | None = None) -> list[Any]:
    with psycopg.connect(database.conninfo_of(Role.INGEST), autocommit=True) as connection:
        return deliveries_of(connection, messages, sources or Sources(FLEET), NOW, 10_000)


def test_each_message_is_read_as_if_it_came_alone(database: Database) -> None:
    """Messages whose keys or kinds of values differ are not laid into the same columns."""
    at = _fix(0)["at"]
    messages = [
        Message("ploughs/fleet/a", json.dumps(row).encode())
        for row in (
            {"at": at, "lon": 136.1, "lat": 36.5}, {"time": at, "x": 136.2, "y": 36.5},
            {"at": at, "lon": "136.3", "lat": "36.5"}, {"at": 1769900400, "lon": 136.4, "lat": 36.5},
        )
    ]  # fmt: skip
    whole = _deliveries(database, *messages)
    assert [delivery.rejects for delivery in whole] == [[]] * 4
    assert sorted(lon for delivery in whole for lon in delivery.batch.fixes.lon.tolist()) == [
        136.1,
        136.2,
        136.3,
        136.4,
    ]
    alike = _deliveries(database, *[Message(f"ploughs/fleet/{i}", json.dumps(_fix(i)).encode()) for i in range(5)])
    assert [len(delivery.batch) for delivery in alike] == [5]


def test_sources_are_looked_up_again_after_a_while(database: Database) -> None:
    seconds = 0.0
    sources = Sources({}, clock_s=lambda: seconds)
    message = Message("ploughs/late/a", json.dumps(_fix(0)).encode())
    assert _deliveries(database, message, sources=sources)[0].rejects[0].reason == "unknown_source"
    with database.connect(Role.INGEST) as connection:
        register_source(connection, "late", "live", SourceSettings())
    assert _deliveries(database, message, sources=sources)[0].rejects
    seconds = 61.0
    assert len(_deliveries(database, message, sources=sources)[0].batch) == 1


def test_settings_of_a_source_that_cannot_be_used_stop_the_listener(database: Database) -> None:
    sources = Sources({"fleet": SourceSettings(crs="EPSG:0")})
    with pytest.raises(InputError, match=r"sources\.fleet\.crs"):
        _deliveries(database, Message("ploughs/fleet/a", b"{}"), sources=sources)


TOPICS = st.lists(st.sampled_from(["ploughs", "fleet", "other", "", " ", "\0", "a", "除雪"]), max_size=5).map("/".join)
PAYLOADS = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["at", "lon", "lat", "fixes", "vehicle", "work", "\0"]), inner, max_size=4)
    ),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())


@given(st.lists(st.builds(Message, TOPICS, PAYLOADS), max_size=4))
@IN_SPITE_OF_FIXTURES
def test_any_message_is_stored_or_kept_in_quarantine(database: Database, messages: list[Message]) -> None:
    """With a real database, which has an opinion of its own on texts."""
    with psycopg.connect(database.conninfo_of(Role.INGEST), autocommit=True) as connection:
        sources = Sources(FLEET)
        found = deliveries_of(connection, messages, sources, NOW, 10_000)
        mqtt.write_group(connection, found)
        for message in messages:
            delivery = refused(connection, message, sources, "tried")
            mqtt.write_group(connection, [delivery])
            assert len(delivery.rejects) == 1
            assert delivery.batch == FixBatch((), delivery.batch.fixes)
