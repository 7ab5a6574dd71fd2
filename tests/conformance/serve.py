"""Serves the small town for suites from outside until Ctrl-C: `PYTHONPATH=tests python -m conformance.serve 8144`."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from conformance.standard import MORE
from served_town import publish_town, serving, town_app

from geo.migrate import migrate
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install


def main(port: int) -> None:
    """A PostGIS of its own, the town, the server; all of it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="yuki-suites-"))
    home.chmod(0o755)
    cluster = Cluster(home, find_or_install(print), (("fsync", "off"), ("shared_buffers", "64MB")))
    cluster.start()
    try:
        cluster.create_database("town")
        database = cluster.database("town")
        migrate(database)
        publish_town(database, MORE)
        asked_to_stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        with serving(town_app(database), port) as address:
            print(f"{address}/ogc/", flush=True)
            asked_to_stop.wait()
    finally:
        cluster.stop()
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
