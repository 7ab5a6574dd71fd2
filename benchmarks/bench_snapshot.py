"""Bytes of the packed answers about states, and what they cost, for 200,000 edges.

    .venv/bin/python benchmarks/bench_snapshot.py --home /tmp/demo

`--home` is the home of a demo that runs, at its peak: its edges and states are read from what is published, in its own
order. It has some 70,000 edges; what grows with them is scaled to 200,000 (`br_5_for_200000`). The worst case clears
every edge of it: in each plan ploughs drive along all streets, each from a place and a moment of its own within six
hours, straight on at four forks of five and any way at the fifth, at 12 to 28 km/h anew for each stretch. A fifth of
the edges is driven once more later by others on their way. One edge in eighty is not covered whole, as in the demo.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from pathlib import Path

import brotli
import numpy as np
from numpy.typing import NDArray

from geo.db import Role, read_sql
from geo.road_order import OrderInput
from layers.road_order import read_order_input
from tiles.packed import pack_index, pack_states
from tiles.present import CODES, RECORD, records_from
from tiles.states import STATES, STEP_S, Records
from yukimichi.context import opened

N_EDGES = 200_000
HOUR = 3600
#: Bytes of the header, compressed, which do not grow with the roads.
HEADER = 600
#: Edges that a plough clears, the hours in which all of them begin, and their first moment.
EDGES_A_PLOUGH, SPAN_H, BEGIN_S = 350, 6.0, 1_768_400_000.0
#: At so many forks a driver takes any way, not the straightest.
ANY_WAY = 0.2


def read(home: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], Records, OrderInput]:
    """(edge ids in order, lengths, records, input of the order) of a demo that is published."""
    os.environ["YUKI_HOME"] = str(home)
    with opened(None) as context, context.database.connect(Role.PUBLISH) as connection:
        edges = read_order_input(connection)
        cursor = connection.cursor(binary=True)
        told = cursor.execute(read_sql("tiles", "states"), {"since": 0} | CODES).fetchone()
        ids = cursor.execute(read_sql("tiles", "road_order")).fetchone()
        found = connection.execute("SELECT edge_id, length_m FROM pub.roads ORDER BY edge_id").fetchall()
    assert told is not None
    assert ids is not None
    rows = np.frombuffer(told[0], np.dtype([("position", ">i4"), *RECORD]))
    order = np.frombuffer(ids[0], ">i8").astype(np.int64)
    length = np.array([row[1] for row in found])[np.searchsorted(edges.edge_id, order)]
    records = Records.unknown(len(order), "not_on_plan").put(rows["position"].astype(np.int64), records_from(rows))
    return order, length, records, edges


def drives(
    edges: OrderInput, length_m: dict[int, float], rng: np.random.Generator, share: float
) -> NDArray[np.float64]:
    """(E,) seconds at which ploughs have driven each edge, by position in edges; -1 where none did."""
    leaving: dict[tuple[int, int], list[int]] = {}
    for i in range(len(edges.edge_id)):
        leaving.setdefault((int(edges.tail[i]), int(edges.plan[i])), []).append(i)
    at_s, n_left = np.full(len(edges.edge_id), -1.0), int(share * len(edges.edge_id))
    for seed in rng.permutation(len(edges.edge_id)).tolist():
        clock, place, driven = BEGIN_S + rng.uniform(0, SPAN_H) * HOUR, seed, 0
        while place >= 0 and at_s[place] < 0 and driven < EDGES_A_PLOUGH and n_left > 0:
            clock += length_m[int(edges.edge_id[place])] / rng.uniform(12 / 3.6, 28 / 3.6)
            at_s[place] = clock
            driven, n_left = driven + 1, n_left - 1
            free = [i for i in leaving.get((int(edges.head[place]), int(edges.plan[place])), []) if at_s[i] < 0]
            place = fork(edges, place, free, rng)
    return at_s


def fork(edges: OrderInput, last: int, free: list[int], rng: np.random.Generator) -> int:
    """The edge that a driver takes: mostly straight on, back only where nothing else is left; -1: none."""
    ahead = [i for i in free if edges.edge_id[i] ^ 1 != edges.edge_id[last]]
    if not ahead:
        return free[0] if free else -1
    if rng.random() < ANY_WAY:
        return int(rng.choice(ahead))
    return min(ahead, key=lambda i: -np.cos(edges.heading[i] - edges.heading[last]))


def worst(
    edges: OrderInput, order: NDArray[np.int64], lengths: NDArray[np.float64], rng: np.random.Generator
) -> Records:
    """Every edge cleared by a drive of its own time."""
    length_m = dict(zip(order.tolist(), lengths.tolist(), strict=True))
    at, n = np.searchsorted(edges.edge_id, order), len(order)
    cleared = drives(edges, length_m, rng, 1.0)[at].astype(np.int64)
    passed = drives(edges, length_m, rng, 0.2)[at].astype(np.int64)
    covered = np.where(rng.random(n) < 1 / 80, rng.integers(95, 100, n), 100).astype(np.int16)
    state = np.full(n, STATES.index("cleared"), np.int16)
    return Records(state, np.zeros(n, np.int16), cleared, cleared + 24 * HOUR, np.maximum(cleared, passed), covered)


def told(name: str, records: Records) -> dict[str, object]:
    """Bytes and milliseconds of a snapshot."""
    head = {"as_of": "2026-01-15T06:00:00Z", "network_version": 1, "status_version": 1, "event": {"name": "大雪"}}
    began = time.perf_counter()
    plain = pack_states(head, records.rounded())
    packed = time.perf_counter()
    br = brotli.compress(plain, quality=5)
    pressed = time.perf_counter()
    return {
        "case": name, "edges": len(records),
        "br_5_for_200000": round((len(br) - HEADER) * N_EDGES / len(records)) + HEADER,
        "step_s": STEP_S, "plain": len(plain), "br_5": len(br),
        "br_9": len(brotli.compress(plain, quality=9)), "gzip_6": len(gzip.compress(plain, 6)),
        "pack_ms": round((packed - began) * 1e3, 1), "br_5_ms": round((pressed - packed) * 1e3, 1),
        "states": {w: int((records.state == i).sum()) for i, w in enumerate(STATES)},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    order, length_m, records, edges = read(asked.home)
    print(json.dumps(told("the demo as it is", records)))
    print(json.dumps(told("every edge cleared", worst(edges, order, length_m, rng))))
    index = pack_index("1-x", 1, order)
    print(
        json.dumps({"case": "index of the demo", "plain": len(index), "br_9": len(brotli.compress(index, quality=9))})
    )


if __name__ == "__main__":
    main()
