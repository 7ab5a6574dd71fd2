"""The page of the benchmark of serving: tables with the machine and the date."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.machine import machine_now
from benchmarks.serve_load import Load

#: Requests a second of the same SQL bare on the machine of the design's anchors, for comparison.
ANCHORS = {"z8": 250, "z11": 500, "z14": 1500, "items": 800}
WHAT = {"z8": "tiles, zoom 8", "z11": "tiles, zoom 11", "z14": "tiles, zoom 14", "items": "items, limit=100 + bbox"}
HEAD = """# Tiles and features, measured

Written whole by `make bench-serve`; edit `benchmarks/serve_page.py`, not this page.

{machine}, {on}; load {load:.1f} when the page was written. One private PostGIS, {n_lines:,} road lines in the shape of
a prefecture (`benchmarks/serve_world.py`: {classes}), published for Yukimichi, and the same lines as a plain table for
[tipg](https://developmentseed.org/tipg/) 1.6 and [pygeoapi](https://pygeoapi.io/) 0.24 as they come. wrk, {connections}
connections, gzip accepted, server and wrk on the same machine; tiles as a recorded session of the map asked for them
(`benchmarks/session_serve.json`), {rounds} rounds of {seconds:.0f} s, of which the median counts. *Bare* is the SQL
that our server runs, taken from it and run through psycopg's async pool of {connections} connections without HTTP and
without compression.

## Uncached

Requests a second (median / 99th percentile in ms). Our caches hold nothing here.

| | bare | Yukimichi | of bare | tipg | of tipg | pygeoapi | anchor |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
COUNTS = """
pygeoapi was asked by two connections that wait, since wrk's would time out. *Anchor* is what the bare SQL did on the
machine of the design's measurements.

Features of the same tiles: whoever shows fewer has less to do. Yukimichi leaves out small roads at low zooms and says
so in the metadata of the tileset; tipg cuts at 10,000 features without saying so.

| | Yukimichi | tipg | pygeoapi | bytes of ours | bytes of tipg |
| --- | --- | --- | --- | --- | --- |
"""
WARM = """
## Warm

Every answer in memory: our server alone, {warm} connections; and nginx with `deploy/nginx/yukimichi.conf` before it,
{proxied} connections, one process of nginx beside wrk on the same machine.

| | server | nginx | bytes |
| --- | --- | --- | --- |
"""


def _told(load: Load | None) -> str:
    if load is None:
        return "–"
    if not load.n:
        return "no answer"
    rate = f"{load.per_s:,.0f}" if load.per_s >= 10 else f"{load.per_s:.2f}"
    failed = f", {load.n_failed} failed" if load.n_failed else ""
    return f"{rate} ({load.p50_ms:,.1f} / {load.p99_ms:,.1f}{failed})"


def _times(load: Load | None, other: Load | None) -> str:
    return "–" if load is None or other is None or not other.n else f"{load.times(other):.2f}×"


def _counts(found: Any) -> list[str]:
    rows = []
    for kind, by_who in found.features.items():
        counts = [f"{by_who[who]:,.0f}" if who in by_who else "–" for who in ("ours", "tipg", "pygeoapi")]
        sizes = [found.best(kind, who) for who in ("ours", "tipg")]
        told = [f"{one.bytes_each:,.0f}" if one else "–" for one in sizes]
        rows.append(f"| {WHAT[kind]} | {' | '.join([*counts, *told])} |")
    return rows


def page(found: Any, n_connections: int) -> str:
    """The page in Markdown. found: benchmarks.bench_serve.Measured."""
    machine = machine_now()
    told = f"{machine.processor}, {machine.n_cores} cores, {machine.memory_gib:.0f} GiB"
    classes = ", ".join(f"{share:.1%} {kind}" for kind, share in found.shares.items())
    text = HEAD.format(
        machine=told, on=machine.on, load=machine.load, n_lines=found.n_lines, classes=classes,
        connections=n_connections, rounds=found.rounds, seconds=found.seconds,
    )  # fmt: skip
    rows = []
    for kind, what in WHAT.items():
        bare, ours, tipg, stock = (found.best(kind, who) for who in ("bare", "ours", "tipg", "pygeoapi"))
        cells = [_told(bare), _told(ours), _times(ours, bare), _told(tipg), _times(ours, tipg), _told(stock)]
        rows.append(f"| {what} | {' | '.join(cells)} | {ANCHORS[kind]:,} |")
    text += "\n".join(rows) + "\n" + COUNTS + "\n".join(_counts(found)) + "\n"
    text += WARM.format(warm=16, proxied=64)
    for kind, by_who in found.warm.items():
        size = next(iter(by_who.values())).bytes_each
        text += f"| {kind} | {_told(by_who.get('server'))} | {_told(by_who.get('nginx'))} | {size:,.0f} |\n"
    memory = ", ".join(f"{value:.0f} MB {name}" for name, value in found.pss_mb.items())
    return text + f"\nProportional set size of the server process: {memory}.\n"
