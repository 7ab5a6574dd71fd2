"""Settings of live ingestion: limits of HTTP, the MQTT broker, the worker, devices."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class IngestSettings(Part):
    """Limits of the write endpoints; each source may send so much, and the server takes so much at once."""

    max_body_bytes: int = Field(4 * 2**20, ge=1024)
    #: of the body unpacked, so that a compressed bomb ends early
    max_unpacked_bytes: int = Field(32 * 2**20, ge=1024)
    max_fixes: int = Field(20_000, ge=1)
    requests_per_s: float = Field(200, gt=0)
    fixes_per_s: float = Field(20_000, gt=0)
    #: fixes that wait for their commit at most; more are answered 503
    max_waiting_fixes: int = Field(100_000, ge=1)


class MqttSettings(Part):
    """The broker to listen to. `url` None: none. The password comes by YUKI_MQTT_PASSWORD or password_file."""

    url: str | None = None
    client_id: str = "yukimichi"
    topic: str = "ploughs/+/+"
    username: str | None = None
    password_file: str | None = None


class WorkerSettings(Part):
    """Processes that match what comes in; each vehicle belongs to one of them."""

    n_workers: int = Field(1, ge=1, le=64)
    #: the clock alone changes states too: looked at this often, seconds
    clock_s: float = Field(30, gt=0)


class DeviceSettings(Part):
    """When a device counts as sick (docs/devices.md)."""
