"""The MQTT listener: positions from a broker into raw.fix, acknowledged after their commit and never before.

The broker keeps our session while we are away. What we took and did not acknowledge comes again, and a repeat changes
nothing; so neither a killed broker nor a killed listener nor a database that is away loses a message of QoS 1. While
the database is away we stay away from the broker, which is the one with the disk. Nothing is read beyond what one
transaction takes, so the backlog is bounded whatever the broker does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from geo.db import Database, Role, Row
from geo.settings import SourceSettings
from geo.settings_live import MqttSettings
from geo.timeline import now as clock
from ingest.live_write import Delivery, Receipt, write_group
from ingest.mqtt_client import ANSWER_S, broker_of, connect, new_client
from ingest.mqtt_messages import Message, Sources, deliveries_of, refused
from ingest.patience import LONGEST_WAIT_S, Patience

LOG = logging.getLogger(__name__)
#: Bounds of the connection to the database: no hang, neither in connecting nor in a statement.
CONNECT_S = 5
STATEMENT_TIMEOUT_MS = 30_000
#: One look at the socket lasts so long at most, seconds; so a stop is heeded soon.
LOOK_S = 0.2
#: A group is written when its payloads come to so many bytes.
GROUP_BYTES = 16 * 2**20


type Observer = Callable[[Sequence[Delivery], Sequence[Receipt]], None]


class _Away(Exception):
    """The broker or the database does not answer, or the broker refuses us; says which and why."""


@dataclass(slots=True)
class Counts:
    """What a listener did since its start."""

    n_messages: int = 0
    n_accepted: int = 0
    n_repeated: int = 0
    n_rejected: int = 0
    n_away: int = 0


class Listener:
    """Takes messages of one broker. `run` blocks; everything happens in its thread.

    say      told when the broker or the database goes away and comes back
    observe  told of every group after its commit; for counters
    """

    def __init__(
        self,
        database: Database,
        settings: MqttSettings,
        sources: Mapping[str, SourceSettings],
        *,
        password: str | None = None,
        say: Callable[[str], None] = LOG.warning,
        observe: Observer | None = None,
        now: Callable[[], datetime] = clock,
    ) -> None:
        self._broker = broker_of(settings)
        self._database, self._settings, self._password = database, settings, password
        self._sources = Sources(sources)
        self._say, self._observe, self._now = say, observe, now
        self._inbox: list[Message] = []
        self._inbox_bytes = 0
        self._refusal: str | None = None
        self._is_subscribed = False
        #: what was said last: why we are away, None while all is well
        self._said: str | None = ""
        self.counts = Counts()

    def run(self, stopping: threading.Event) -> None:
        """Listen until `stopping` is set. Raises ConfigError or InputError where the settings of a source cannot be
        used; what the broker sent stays with it then."""
        patience, n_failures = Patience(sleep=stopping.wait), 0
        while not stopping.is_set():
            before, began = self.counts.n_messages, time.monotonic()
            try:
                with self._connected() as connection:
                    self._session(connection, stopping)
            except _Away as away:
                is_well = self.counts.n_messages > before or time.monotonic() - began > LONGEST_WAIT_S
                n_failures = 1 if is_well else n_failures + 1
                self.counts.n_away += 1
                if str(away) != self._said:
                    self._said = str(away)
                    self._say(f"mqtt: {away}; trying again")
                patience.wait(n_failures)

    def _connected(self) -> psycopg.Connection[Row]:
        """A connection to the database; without one there is no use in asking the broker."""
        try:
            conninfo = self._database.conninfo_of(Role.INGEST)
            connection: psycopg.Connection[Row] = psycopg.connect(conninfo, connect_timeout=CONNECT_S, autocommit=True)
            connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        except psycopg.OperationalError as error:
            raise _Away("the database does not answer") from error
        return connection

    def _session(self, connection: psycopg.Connection[Row], stopping: threading.Event) -> None:
        """One connection to the broker, until it or the database breaks, or `stopping` is set."""
        client = new_client(self._settings, self._broker, self._password)
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_message, client.on_disconnect = self._on_message, self._on_disconnect
        self._inbox, self._inbox_bytes, self._refusal, self._is_subscribed = [], 0, None, False
        try:
            self._connect(client)
            self._await_subscription(client, stopping)
            if self._is_subscribed and self._said is not None:
                self._said = None
                self._say(f"mqtt: listening to {self._settings.topic}")
            while not stopping.is_set():
                self._look(client, LOOK_S)
                if self._inbox:
                    self._gather(client)
                    self._store(client, connection)
        finally:
            # without a disconnect of our own nothing is lost either: the session and its messages stay
            client.disconnect()

    def _connect(self, client: Client) -> None:
        try:
            connect(client, self._settings, self._broker)
        except (OSError, ValueError) as error:
            where = f"{self._broker.host}:{self._broker.port}"
            raise _Away(f"the broker {where} does not answer ({type(error).__name__})") from error

    def _await_subscription(self, client: Client, stopping: threading.Event) -> None:
        until = time.monotonic() + ANSWER_S
        while not self._is_subscribed and not stopping.is_set():
            self._look(client, LOOK_S)
            if time.monotonic() > until:
                raise _Away("the broker does not answer our subscription")

    def _look(self, client: Client, seconds: float) -> None:
        """Read one packet, or wait so long for it."""
        code = client.loop(seconds)
        if self._refusal is not None:
            raise _Away(self._refusal)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise _Away("the broker went away")

    def _gather(self, client: Client) -> None:
        """Wait linger_s for more messages, as far as they fit into one transaction."""
        until = time.monotonic() + self._settings.linger_s
        while len(self._inbox) < self._settings.receive_max and self._inbox_bytes < GROUP_BYTES:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._look(client, left)

    def _store(self, client: Client, connection: psycopg.Connection[Row]) -> None:
        """Commit what has come, then acknowledge it."""
        try:
            try:
                self._write(connection, self._inbox)
            except psycopg.OperationalError:
                raise
            except psycopg.Error:
                for message in self._inbox:  # one of them is to blame
                    self._write_or_refuse(connection, message)
        except psycopg.Error as error:
            raise _Away(f"the database does not take messages ({type(error).__name__})") from error
        for message in self._inbox:
            client.ack(message.mid, message.qos)
        self.counts.n_messages += len(self._inbox)
        self._inbox, self._inbox_bytes = [], 0

    def _write(self, connection: psycopg.Connection[Row], messages: list[Message]) -> None:
        limit = self._settings.max_message_bytes
        deliveries = deliveries_of(connection, messages, self._sources, self._now(), limit)
        receipts = write_group(connection, deliveries)
        self.counts.n_accepted += sum(receipt.n_accepted for receipt in receipts)
        self.counts.n_repeated += sum(receipt.n_repeated for receipt in receipts)
        self.counts.n_rejected += sum(len(delivery.rejects) for delivery in deliveries)
        if self._observe is not None:
            self._observe(deliveries, receipts)

    def _write_or_refuse(self, connection: psycopg.Connection[Row], message: Message) -> None:
        """A message by itself; to quarantine as a whole where the database refuses its content."""
        try:
            self._write(connection, [message])
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            LOG.warning("The database refuses a message: %s", type(error).__name__)
            delivery = refused(connection, message, self._sources, f"the database refuses it: {type(error).__name__}")
            write_group(connection, [delivery])
            self.counts.n_rejected += 1

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refusal = f"the broker refuses us: {reason}"
            return
        if self._settings.version == "5":
            client.subscribe(self._settings.topic, options=SubscribeOptions(qos=1, retainHandling=1))
        else:
            client.subscribe(self._settings.topic, qos=1)

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._refusal = f"the broker refuses the subscription to {self._settings.topic}: {', '.join(refused)}"
        self._is_subscribed = not refused

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "?"  # no text at all, so no source either: quarantine
        self._inbox.append(Message(topic, bytes(message.payload), message.mid, message.qos))
        self._inbox_bytes += len(message.payload)

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server and self._refusal is None:
            self._refusal = f"the broker ends the connection: {reason}"
