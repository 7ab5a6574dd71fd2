"""How fast the MQTT listener takes positions from a real Mosquitto, one message a position.

    python -m benchmarks.bench_mqtt [MESSAGES] [A SECOND]

Makes a private cluster with the settings of `make run` (fsync on) and a broker of its own on loopback. First a backlog
of MESSAGES (default 50,000) that waited at the broker, as after an outage; then A SECOND (default 1,400) for 20 s, sent
by another process. Prints messages a second, CPU of the listener, and for the stream the time from publishing to the
begin of the transaction that stores it (received_at); its commit follows after some 10 ms.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from geo.db import Database, Role
from geo.migrate import migrate
from geo.settings import SourceSettings
from geo.settings_live import MqttSettings
from ingest.mqtt import Listener
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

N_VEHICLES = 1_400
STREAM_S = 20
DELAYS = """
SELECT extract(epoch FROM f.received_at - f.at)::float8 FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id)
WHERE v.external_id LIKE 'S%'
"""


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A Mosquitto of its own; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "max_queued_messages 0\nmax_inflight_messages 0\nuser root\nlog_type error\n"
    )
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "mosquitto"
    process = subprocess.Popen([program, "-c", str(config)])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def publish(port: int, n: int, per_s: float, prefix: str) -> None:
    """n messages with QoS 1, so many a second (0: as fast as it goes); returns when the broker has confirmed all."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages = 1_000
    client.connect("127.0.0.1", port)
    client.loop_start()
    begun, past, sent = time.time(), datetime.now(UTC) - timedelta(days=1), []
    for i in range(n):
        if per_s:
            time.sleep(max(0.0, begun + i / per_s - time.time()))
        at = datetime.now(UTC) if per_s else past + timedelta(milliseconds=i)
        fix = {"at": at.isoformat(), "lon": 136.6 + i / 1e7, "lat": 36.5, "speed_mps": 7.5, "heading_deg": 90.0,
               "blade": True}  # fmt: skip
        sent.append(client.publish(f"ploughs/fleet/{prefix}{i % N_VEHICLES}", json.dumps(fix), qos=1))
    for one in sent:
        one.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def listen(database: Database, port: int, is_over: Callable[[Listener], bool]) -> tuple[Listener, float, float]:
    """Listen until it is over; the listener, wall seconds, CPU seconds of its thread."""
    stopping, used = threading.Event(), [0.0]
    listener = Listener(database, MqttSettings(url=f"mqtt://127.0.0.1:{port}"), {"fleet": SourceSettings()})

    def run() -> None:
        listener.run(stopping)
        used[0] = time.thread_time()

    thread = threading.Thread(target=run)
    began = time.perf_counter()
    thread.start()
    while not is_over(listener):
        time.sleep(0.02)
    wall = time.perf_counter() - began
    stopping.set()
    thread.join()
    return listener, wall, used[0]


def main() -> None:
    """Run both and print their figures."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    per_s = float(sys.argv[2]) if len(sys.argv) > 2 else 1_400.0
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home, find_or_install(print))
    cluster.start()
    try:
        cluster.create_database("bench")
        database = cluster.database("bench")
        migrate(database)
        with broker(home) as port:
            _backlog(database, port, n)
            _stream(database, port, round(per_s * STREAM_S), per_s)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _backlog(database: Database, port: int, n: int) -> None:
    began = time.monotonic()
    listen(database, port, lambda one: time.monotonic() - began > 2)  # so that the broker knows the session
    publish(port, n, 0, "B")
    listener, wall, cpu = listen(database, port, lambda one: one.counts.n_messages >= n)
    assert listener.counts.n_accepted == n
    print(f"backlog of {n:,}: {n / wall:,.0f} messages/s, {cpu / n * 1e6:.0f} µs of CPU each")


def _stream(database: Database, port: int, n: int, per_s: float) -> None:
    words = [sys.executable, "-m", "benchmarks.bench_mqtt", "--publish", str(port), str(n), str(per_s)]
    sender = subprocess.Popen(words)
    listener, wall, cpu = listen(database, port, lambda one: one.counts.n_messages >= n)
    sender.wait()
    with database.connect(Role.INGEST) as connection:
        delays = np.array([row[0] for row in connection.execute(DELAYS).fetchall()])
    assert len(delays) == n == listener.counts.n_accepted
    p50, p99 = np.quantile(delays, (0.5, 0.99))
    print(
        f"stream of {per_s:,.0f} a second, {n:,} in all: {cpu / wall:.2f} of a core; "
        f"published to received p50 {p50:.3f} s, p99 {p99:.3f} s"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--publish"]:
        publish(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), "S")
    else:
        main()
