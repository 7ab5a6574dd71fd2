"""A real Mosquitto on loopback with a configuration and a disk of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode


def until(holds: Callable[[], Any], what: str = "it never came to hold") -> None:
    """Wait until something holds, never more than a minute."""
    pause = threading.Event()
    for _ in range(1200):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError(what)


class Broker:
    """Start, kill and start it again; messages of persistent sessions are on disk."""

    def __init__(self, program: str, folder: Path, *, more: Iterable[str] = ()) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._program = program
        self._log = (folder / "mosquitto.log").open("ab")
        lines = [
            f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {folder}/",
            # the file is written after each change, so that a killed broker knows what it has confirmed
            "autosave_on_changes true", "autosave_interval 1", "max_queued_messages 0", "user root",
            *(more or ["allow_anonymous true"]),
        ]  # fmt: skip
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=self._log, stderr=self._log)
        until(self._answers, "the broker did not start")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the broker ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        """kill -9"""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        self.kill()
        self._log.close()


class Publisher:
    """Publishes with QoS 1; `confirmed` are the payloads that the broker has confirmed."""

    def __init__(self, broker: Broker, *, username: str | None = None, password: str | None = None) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2)
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        self._sent: list[MQTTMessageInfo] = []

    def send(self, topic: str, payload: Any, qos: int = 1) -> None:
        data = payload if isinstance(payload, bytes | str) else json.dumps(payload)
        self._sent.append(self._client.publish(topic, data, qos=qos))

    def wait(self) -> None:
        """Until everything sent was confirmed."""
        until(lambda: all(one.is_published() for one in self._sent), "the broker did not confirm")
        assert all(one.rc == MQTTErrorCode.MQTT_ERR_SUCCESS for one in self._sent)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
