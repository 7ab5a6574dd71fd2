"""Tiles and features side by side: ours, the same SQL without HTTP, tipg and stock pygeoapi.

    make bench-serve                 (or python -m benchmarks.bench_serve --peers .venv-peers-serve/bin …)

One private PostGIS holds 200,000 road lines (benchmarks.serve_world), published for our server, and the same lines as
a plain table for the others. wrk asks each for the road tiles of the recorded session at zooms 8, 11 and 14, and for
pages of 100 features within the boxes of the same tiles. Our caches hold nothing in this part. Each contender has its
turn in every round; the median of the rounds counts. Then our server as it is, warm, and behind nginx with the shipped
configuration. --write FILE writes the page.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.serve_load import N_CONNECTIONS, Load, bare, statements, wrk
from benchmarks.serve_mix import Address, Session, box_text, mean, n_features
from benchmarks.serve_page import page
from benchmarks.serve_servers import nginx, ours, pygeoapi, tipg
from benchmarks.serve_world import N_LINES, fill, shares
from geo.db import Database
from geo.migrate import migrate
from geo.settings import Settings
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

ZOOMS = (8, 11, 14)
ITEMS = "items"
KINDS = (*(f"z{zoom}" for zoom in ZOOMS), ITEMS)
#: Connections and threads of wrk for what is answered from memory, and of nginx's.
WARM_CONNECTIONS, PROXIED_CONNECTIONS = 16, 64
#: Answers that are looked at for their number of features.
N_LOOKED_AT = 6
#: pygeoapi is waited for so long for one answer, seconds.
PATIENCE_S = 60.0


@dataclass
class Measured:
    """Everything that was measured.

    rates     by kind, by contender: one load a round
    features  by zoom, by contender: mean number of features of the same tiles
    warm      by what was asked: our server as it is, and behind nginx
    """

    shares: dict[str, float]
    n_lines: int
    rounds: int
    seconds: float
    rates: dict[str, dict[str, list[Load]]] = field(default_factory=dict)
    features: dict[str, dict[str, float]] = field(default_factory=dict)
    warm: dict[str, dict[str, Load]] = field(default_factory=dict)
    pss_mb: dict[str, float] = field(default_factory=dict)

    def best(self, kind: str, who: str) -> Load | None:
        """The round with the median rate."""
        loads = sorted(self.rates.get(kind, {}).get(who, []), key=lambda one: one.per_s)
        return loads[len(loads) // 2] if loads else None


def fetched(address: str, timeout_s: float = 120) -> bytes:
    """The body of an answer, unpacked."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=timeout_s) as answer:
        body: bytes = answer.read()
        return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


@dataclass(frozen=True, slots=True)
class Asking:
    """How each contender is asked for the tiles of a zoom and for pages: paths by kind."""

    tiles: dict[int, list[Address]]
    version: str

    def ours(self, kind: str) -> list[str]:
        """Paths of our server."""
        if kind == ITEMS:
            return [f"/ogc/collections/roads/items?f=json&limit=100&bbox={box_text(one)}" for one in self.tiles[14]]
        return [f"/tiles/roads/{self.version}/{z}/{x}/{y}.mvt" for z, x, y in self.tiles[int(kind[1:])]]

    def tipg(self, kind: str) -> list[str]:
        """Paths of tipg."""
        own = "/collections/peer.roads"
        if kind == ITEMS:
            return [f"{own}/items?f=geojson&limit=100&bbox={box_text(one)}" for one in self.tiles[14]]
        return [f"{own}/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in self.tiles[int(kind[1:])]]

    def pygeoapi(self, kind: str) -> list[str]:
        """Paths of pygeoapi, which has the row before the column."""
        own = "/collections/roads"
        if kind == ITEMS:
            return [f"{own}/items?f=json&limit=100&bbox={box_text(one)}" for one in self.tiles[14]]
        return [f"{own}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt" for z, x, y in self.tiles[int(kind[1:])]]


def patient(base: str, paths: list[str], seconds: float) -> tuple[Load, float | None]:
    """A load of two connections that waits for each answer, for a server that needs seconds for one.

    Besides the features of the first answer, None where none came.
    """
    took: list[float] = []
    failed: list[str] = []
    bodies: list[bytes] = []
    began = time.perf_counter()

    def ask(first: int) -> None:
        for k in range(first, 1_000_000, 2):
            at = time.perf_counter()
            if at > began + seconds and k > first:
                return
            try:
                bodies.append(fetched(base + paths[k % len(paths)], PATIENCE_S))
                took.append(time.perf_counter() - at)
            except OSError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    p50, p99 = (np.quantile(took, [0.5, 0.99]) * 1000).tolist() if took else (float("nan"), float("nan"))
    load = Load(len(took) / spent, p50, p99, mean([len(one) for one in bodies]), len(took), len(failed))
    is_tile = bool(bodies) and not bodies[0].startswith(b"{")
    return load, mean([float(n_features(one)) for one in bodies[:N_LOOKED_AT]]) if is_tile else None


def compare(found: Measured, folder: Path, database: Database, wish: argparse.Namespace) -> None:
    """Uncached tiles and pages, each contender in its turn."""
    session = Session.read()
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(ours(folder, database, "asked"))
        version = json.loads(fetched(own.base + "/config.json"))["roads_version"]
        asking = Asking({zoom: _filled(session.tiles(zoom), own.base, version) for zoom in ZOOMS}, version)
        turns: dict[str, Callable[[str], Load]] = {
            "bare": lambda kind: bare(database, asked[kind], wish.seconds),
            "ours": lambda kind: wrk(own.base, asking.ours(kind), folder, wish.seconds),
        }
        if wish.peers:
            other = stack.enter_context(tipg(folder, database, wish.peers))
            turns["tipg"] = lambda kind: wrk(other.base, asking.tipg(kind), folder, wish.seconds)
            _count(found, asking, {"ours": own.base, "tipg": other.base})
        asked = {kind: statements(Settings(), database, sorted(set(asking.ours(kind)))) for kind in KINDS}
        for _ in range(wish.rounds):
            for kind in KINDS:
                for who, turn in turns.items():
                    _note(found, kind, who, turn(kind))
        found.pss_mb["asked, after the load"] = own.pss_mb()
    if wish.peers:
        with pygeoapi(folder, database, wish.peers, PATIENCE_S) as stock:
            for kind in KINDS:
                load, n = patient(stock.base, asking.pygeoapi(kind), wish.seconds)
                _note(found, kind, "pygeoapi", load)
                if n is not None and kind != ITEMS:
                    found.features.setdefault(kind, {})["pygeoapi"] = n


def _note(found: Measured, kind: str, who: str, load: Load) -> None:
    found.rates.setdefault(kind, {}).setdefault(who, []).append(load)
    print(f"{kind:6} {who:9} {load.per_s:8.1f}/s  p50 {load.p50_ms:8.1f}  p99 {load.p99_ms:8.1f} ms  "
          f"{load.bytes_each:9.0f} B  failed {load.n_failed}", flush=True)  # fmt: skip


def _filled(addresses: list[Address], base: str, version: str) -> list[Address]:
    """Those of the tiles that hold something."""
    return [one for one in addresses if fetched(f"{base}/tiles/roads/{version}/{one[0]}/{one[1]}/{one[2]}.mvt")]


def _count(found: Measured, asking: Asking, bases: dict[str, str]) -> None:
    """Features of the same tiles, so that faster is not: shows less."""
    for zoom in ZOOMS:
        for who, base in bases.items():
            paths = getattr(asking, who)(f"z{zoom}")
            some = sorted(set(paths))[:: max(1, len(set(paths)) // N_LOOKED_AT)][:N_LOOKED_AT]
            counts = [n_features(fetched(base + path)) for path in some]
            found.features.setdefault(f"z{zoom}", {})[who] = mean(counts)


def warm(found: Measured, folder: Path, database: Database, wish: argparse.Namespace) -> None:
    """Our server as it is, every answer in memory; then behind nginx."""
    session = Session.read()
    with ours(folder, database, "kept") as own, nginx(folder, own.base.removeprefix("http://")) as proxy:
        found.pss_mb["at start"] = own.pss_mb()
        version = json.loads(fetched(own.base + "/config.json"))["roads_version"]
        tiles = _filled(session.tiles(), own.base, version)
        by_kind = {
            "geometry tiles": [f"/tiles/roads/{version}/{z}/{x}/{y}.mvt" for z, x, y in tiles],
            "geometry tiles by OGC address": [
                f"/ogc/collections/roads/tiles/WebMercatorQuad/{z}/{y}/{x}" for z, x, y in tiles
            ],
            "status tiles": [f"/ogc/collections/road_status/tiles/WebMercatorQuad/{z}/{y}/{x}" for z, x, y in tiles],
            "status snapshot, packed": ["/status/snapshot?f=packed"],
            "status snapshot, JSON": ["/status/snapshot?f=json"],
        }
        for kind, paths in by_kind.items():
            for who, base, connections, threads in (
                ("server", own.base, WARM_CONNECTIONS, 1), ("nginx", proxy.base, PROXIED_CONNECTIONS, 1),
            ):  # fmt: skip
                for path in dict.fromkeys(paths):
                    fetched(base + path)
                load = wrk(base, paths, folder, wish.seconds, connections=connections, threads=threads)
                found.warm.setdefault(kind, {})[who] = load
                print(f"warm {kind:30} {who:7} {load.per_s:9.0f}/s  p50 {load.p50_ms:7.2f}  p99 {load.p99_ms:7.2f} ms  "
                      f"{load.bytes_each:8.0f} B  failed {load.n_failed}", flush=True)  # fmt: skip
        found.pss_mb["after the load"] = own.pss_mb()
    print({name: round(value) for name, value in found.pss_mb.items()}, "MB PSS")


@contextlib.contextmanager
def world(home: Path | None, n_lines: int) -> Iterator[tuple[Cluster, dict[str, float]]]:
    """A cluster with the lines, published; kept where a folder is named, and then found there again."""
    with contextlib.ExitStack() as stack:
        is_kept = home is not None
        home = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yuki-serve-")))
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        cluster = Cluster(home, find_or_install(print))
        if not is_kept:
            stack.callback(shutil.rmtree, cluster.base, ignore_errors=True)
        cluster.start()
        stack.callback(cluster.stop)
        database = cluster.database()
        migrate(database)
        told = home / "shares.json"
        if not told.exists():
            began = time.perf_counter()
            told.write_text(json.dumps(shares(fill(database, datetime.now(UTC), n_lines))), encoding="utf-8")
            print(f"{n_lines:,} lines published in {time.perf_counter() - began:.0f} s", flush=True)
        yield cluster, json.loads(told.read_text(encoding="utf-8"))


def install(program: str, package: str) -> None:
    """Install a program of Debian's where it is missing."""
    if shutil.which(program) is None:
        command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "-y",
                   "--no-install-recommends", package]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Measure, and write the page where one is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="bin folder of the peers' environment; none: without them")
    parser.add_argument("--lines", type=int, default=N_LINES)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path, help="a folder that keeps the cluster for another run")
    parser.add_argument("--only", choices=("compare", "warm"))
    parser.add_argument("--write", type=Path)
    wish = parser.parse_args()
    if wish.peers:
        wish.peers = wish.peers.resolve()
    install("wrk", "wrk")
    install("nginx", "nginx-light")
    with world(wish.home, wish.lines) as (cluster, classes), tempfile.TemporaryDirectory() as folder:
        database = cluster.database()
        found = Measured(classes, wish.lines, wish.rounds, wish.seconds)
        if wish.only != "warm":
            compare(found, Path(folder), database, wish)
        if wish.only != "compare":
            warm(found, Path(folder), database, wish)
    text = page(found, N_CONNECTIONS)
    print(text)
    if wish.write:
        wish.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
