"""Settings of live ingestion: limits of HTTP, the MQTT broker, the worker, devices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from geo.settings_base import Part


class IngestSettings(Part):
    """Limits of the write endpoints; each source may send so much, and the server takes so much at once."""

    max_body_bytes: int = Field(4 * 2**20, ge=1024)
    #: of the body unpacked, so that a compressed bomb ends early
    max_unpacked_bytes: int = Field(32 * 2**20, ge=1024)
    max_fixes: int = Field(20_000, ge=1)
    requests_per_s: float = Field(200, gt=0)
    fixes_per_s: float = Field(50_000, gt=0)
    #: fixes that wait for their commit at most; more are answered 503
    max_waiting_fixes: int = Field(100_000, ge=1)


class MqttSettings(Part):
    """The broker to listen to. `url` None: none. The password comes by YUKI_MQTT_PASSWORD or password_file."""

    #: mqtt://host:1883, or mqtts://host:8883 with TLS
    url: str | None = None
    version: Literal["5", "3.1.1"] = "5"
    #: names our session at the broker; two listeners need two names
    client_id: str = Field("yukimichi", min_length=1)
    #: filter of topics whose last two levels are source and vehicle
    topic: str = "ploughs/+/+"
    username: str | None = None
    password_file: str | None = None
    #: a certificate authority of your own for mqtts; None: those of this machine
    ca_file: str | None = None
    keepalive_s: int = Field(30, ge=5, le=3600)
    #: so long the broker keeps what we have not acknowledged while we are away (MQTT 5), seconds
    session_expiry_s: int = Field(7 * 86_400, ge=60)
    #: messages that wait for their commit at most; the broker holds back the rest (MQTT 5)
    receive_max: int = Field(1_000, ge=1, le=65_535)
    #: one transaction waits so long for more messages, seconds
    linger_s: float = Field(0.05, ge=0, le=5)
    #: larger messages are quarantined unread
    max_message_bytes: int = Field(2**20, ge=256)


class WorkerSettings(Part):
    """Processes that match what comes in; each vehicle belongs to one of them."""

    n_workers: int = Field(1, ge=1, le=64)
    #: the clock alone changes states too: looked at this often, seconds
    clock_s: float = Field(30, gt=0)


class DeviceSettings(Part):
    """When a device counts as sick (docs/devices.md). When it is silent, `status.silent_min` says, as for roads."""

    #: no fix for so many times its cadence, and at least so many seconds: overdue
    overdue_cadences: float = Field(5, ge=1)
    overdue_min_s: float = Field(60, gt=0)
    #: measured cadence over the agreed one
    slow_cadence_factor: float = Field(2, gt=1)
    #: stretches driven unheard, among the last 64 fixes
    gaps_max: int = Field(2, ge=0, le=63)
    #: the newest fix of an upload that is not live is older than this
    late_upload_min: float = Field(10, gt=0)
    clock_ahead_s: float = Field(30, gt=0)
    #: more than clock_ahead_s, since the way through networks and vendors looks the same
    clock_behind_s: float = Field(120, gt=0)
    #: the same place to the last digit for so long, though its speed says that it drives
    frozen_min: float = Field(5, gt=0)
    #: steps that no vehicle drives, among the last 64 fixes; one wrong place is two of them
    jumps_max: int = Field(5, ge=0, le=63)
    #: share of the last fixes whose own accuracy is worse than 50 m
    poor_share_max: float = Field(0.5, ge=0, lt=1)
