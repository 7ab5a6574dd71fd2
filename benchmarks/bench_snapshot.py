"""Bytes of the packed answers about states, and what they cost, for 200,000 edges.

    .venv/bin/python benchmarks/bench_snapshot.py --home /tmp/demo

`--home` is the home of a demo that runs, at its peak: its edges and states are read from what is published, its order
of edges is its own, and the network is laid out several times over, each copy with a clock of its own, until there are
200,000 edges. The worst case clears every one of them: in each plan ploughs drive out and back along all streets, with
a speed of their own for each stretch (12 to 28 km/h), choosing at random where the roads fork, so that the order in
which they drive is not the order in which edges are told.
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

from geo.db import Role
from layers.road_order import read_order_input
from tiles.packed import pack_index, pack_states
from tiles.present import CODES, RECORD_KINDS
from tiles.states import NO_MOMENT, STATES, STEP_S, Records
from yukimichi.context import opened

N_EDGES = 200_000
HOUR = 3600
#: Ploughs in the worst case, and the hours in which they clear everything.
EDGES_A_PLOUGH, SPAN_H = 350, 6.0


def read(home: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], Records, object]:
    """(edge ids in order, lengths, records, input of the order) of a demo that is published."""
    os.environ["YUKI_HOME"] = str(home)
    from geo.db import read_sql
    from geo.store.bulk import read_columns

    with opened(None) as context, context.database.connect(Role.PUBLISH) as connection:
        edges = read_order_input(connection)
        kinds = {"position": "int4"} | RECORD_KINDS
        rows = read_columns(connection, read_sql("tiles", "states"), {"since": 0} | CODES, kinds)
        order = read_columns(connection, read_sql("tiles", "road_order"), {}, {"edge_id": "int8"})["edge_id"]
        found = connection.execute("SELECT edge_id, length_m FROM pub.roads ORDER BY edge_id").fetchall()
    length = np.array([row[1] for row in found])[np.searchsorted(edges.edge_id, order)]
    records = Records.unknown(len(order), "not_on_plan").put(
        rows["position"].astype(np.int64), Records(**{name: rows[name] for name in RECORD_KINDS})
    )
    return order, length, records, edges


def laid_out(records: Records, n: int, rng: np.random.Generator) -> Records:
    """The same network several times over, each with its own clock, up to n edges."""
    parts = []
    for _ in range(-(-n // len(records))):
        shift = int(rng.integers(-2 * HOUR, 2 * HOUR))
        times = {k: np.where(getattr(records, k) == NO_MOMENT, NO_MOMENT, getattr(records, k) + shift)
                 for k in ("cleared", "valid", "observed")}  # fmt: skip
        parts.append(Records(records.state, records.reason, **times, covered=records.covered))
    return Records(*(np.concatenate([getattr(p, k) for p in parts])[:n] for k in Records.__slots__))


def worst(edges: object, order: NDArray[np.int64], length_m: NDArray[np.float64], rng: np.random.Generator) -> Records:
    """Every edge cleared by a drive of its own time."""
    tail, head, edge_id = edges.tail, edges.head, edges.edge_id  # type: ignore[attr-defined]
    plan = edges.plan  # type: ignore[attr-defined]
    length = dict(zip(order.tolist(), length_m.tolist(), strict=True))
    leaving: dict[tuple[int, int], list[int]] = {}
    for i in range(len(edge_id)):
        leaving.setdefault((int(tail[i]), int(plan[i])), []).append(i)
    for ways in leaving.values():
        rng.shuffle(ways)
    at_s, now = np.full(len(edge_id), -1.0), 1_768_400_000.0
    for seed in rng.permutation(len(edge_id)).tolist():
        if at_s[seed] >= 0:
            continue
        clock, place, driven = now + rng.uniform(0, SPAN_H) * HOUR, seed, 0
        while place >= 0 and driven < EDGES_A_PLOUGH:
            clock += length[int(edge_id[place])] / rng.uniform(12 / 3.6, 28 / 3.6)
            at_s[place] = clock
            driven += 1
            ways = leaving.get((int(head[place]), int(plan[place])), [])
            free = [i for i in ways if at_s[i] < 0]
            ahead = [i for i in free if edge_id[i] ^ 1 != edge_id[place]]
            place = (ahead or free or [-1])[0]
    cleared = at_s[np.searchsorted(edge_id, order)].astype(np.int64)
    later = rng.random(len(order)) < 0.2  # passed again by somebody on his way
    observed = cleared + np.where(later, rng.integers(600, 7200, len(order)), 0)
    n = len(order)
    covered = np.where(rng.random(n) < 0.05, rng.integers(95, 100, n), 100).astype(np.int16)
    state = np.full(n, STATES.index("cleared"), np.int16)
    return Records(state, np.zeros(n, np.int16), cleared, cleared + 24 * HOUR, observed, covered)


def told(name: str, records: Records) -> dict[str, object]:
    """Bytes and milliseconds of a snapshot."""
    head = {"as_of": "2026-01-15T06:00:00Z", "network_version": 1, "status_version": 1, "event": {"name": "大雪"}}
    began = time.perf_counter()
    plain = pack_states(head, records.rounded())
    packed = time.perf_counter()
    br = brotli.compress(plain, quality=5)
    pressed = time.perf_counter()
    return {
        "case": name, "edges": len(records), "step_s": STEP_S, "plain": len(plain), "br_5": len(br),
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
    print(json.dumps(told("its states, laid out", laid_out(records, N_EDGES, rng))))
    print(json.dumps(told("every edge cleared", laid_out(worst(edges, order, length_m, rng), N_EDGES, rng))))
    index = pack_index("1-x", 1, order)
    print(
        json.dumps({"case": "index of the demo", "plain": len(index), "br_9": len(brotli.compress(index, quality=9))})
    )


if __name__ == "__main__":
    main()
