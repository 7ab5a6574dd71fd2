"""A client of a broker as the listener needs it: a session that stays, acknowledgements by hand, secrets by file."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from geo.errors import ConfigError
from geo.settings_live import MqttSettings

PASSWORD_VARIABLE = "YUKI_MQTT_PASSWORD"
PORTS = {"mqtt": 1883, "mqtts": 8883}
#: The broker answers a connection and a subscription within so many seconds, or is asked anew.
ANSWER_S = 10.0
#: The broker is told to keep packets to itself that are so many times larger than what is read (MQTT 5).
PACKET_FACTOR = 4


def read_password(settings: MqttSettings, environment: Mapping[str, str] | None = None) -> str | None:
    """The password by environment or file; None for neither. Raises ConfigError, never quoting it."""
    given = (os.environ if environment is None else environment).get(PASSWORD_VARIABLE)
    if given:
        return given
    if settings.password_file is None:
        return None
    try:
        return Path(settings.password_file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{settings.password_file}: the password cannot be read.", hint="Correct mqtt.password_file."
        ) from error


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is; tls None: unencrypted."""

    host: str
    port: int
    tls: ssl.SSLContext | None


def broker_of(settings: MqttSettings) -> Broker:
    """The broker of the settings. Raises ConfigError for an address that is none, or a ca_file that is none."""
    parts = urlsplit(settings.url or "")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise ConfigError("mqtt.url is no mqtt or mqtts address.", hint="Write it like mqtts://broker.example:8883.")
    if parts.username or parts.password or parts.query or parts.path.strip("/"):
        raise ConfigError(
            "mqtt.url carries more than host and port.", hint=f"Use mqtt.username, and {PASSWORD_VARIABLE} or a file."
        )
    tls = _tls(settings) if parts.scheme == "mqtts" else None
    return Broker(parts.hostname, port or PORTS[parts.scheme], tls)


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    """Certificates are always checked. Raises ConfigError for a ca_file that is none."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"{settings.ca_file}: no certificates in it.", hint="Correct mqtt.ca_file.") from error


def new_client(settings: MqttSettings, broker: Broker, password: str | None) -> Client:
    """A client that is not connected yet, acknowledges nothing by itself and does not reconnect by itself."""
    is_5 = settings.version == "5"
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=None if is_5 else False,
        protocol=MQTTProtocolVersion.MQTTv5 if is_5 else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    if settings.username is not None:
        client.username_pw_set(settings.username, password)
    if broker.tls is not None:
        client.tls_set_context(broker.tls)
    client.connect_timeout = ANSWER_S
    return client


def connect(client: Client, settings: MqttSettings, broker: Broker) -> None:
    """Ask for a connection that goes on with the former session. Raises OSError where nobody answers."""
    more: dict[str, Any] = {}
    if settings.version == "5":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = settings.receive_max
        properties.MaximumPacketSize = PACKET_FACTOR * settings.max_message_bytes
        more = {"clean_start": False, "properties": properties}
    client.connect(broker.host, broker.port, settings.keepalive_s, **more)
