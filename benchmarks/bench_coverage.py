"""How long coverage and states take: a storm and a season from facts in memory, a storm in a database, one new pass.

    python benchmarks/bench_coverage.py [N_EDGES] [N_PASSES...]

Facts are those of the season simulator on a network of plain streets. In memory: CPU seconds, best of five runs for up
to a million passes, else of one. In a database of its own (a private cluster in a temporary folder), with the first
number of passes pressed into a storm of six hours, plans, machines and weather: seconds by the clock of the first
assessment with all it reads and writes, of one in which nothing changed, and of bringing the states up to date after
one new pass, from the pass in ops.pass to the commit of its states. Figures with machine and date: docs/coverage.md.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from datetime import UTC, datetime

import numpy as np

from benchmarks.coverage_town import in_database
from geo.coverage import PassFacts, clears, cover
from geo.end_slack import adjacent, with_end_slack
from geo.fix import TREATMENTS
from geo.matching.twins import Twins
from geo.network import Network
from geo.orders import Orders
from geo.status import EdgeContext, Moment, StatusRules, assess
from geo.work import KINDS
from yukimichi.simulator.season import simulate_passes

HOUR = 3_600_000_000


#: The streets lie in rows of this length, so far apart, in metres: as large as a prefecture.
ROW_M, ROWS_APART_M = 60_000.0, 300.0


def lines(n_edges: int) -> Network:
    """A network of streets in rows, 20 to 400 m long, one after the other."""
    n = n_edges // 2
    length_m = np.random.default_rng(1).uniform(20, 400, n)
    row, x = np.divmod(np.concatenate([[0.0], np.cumsum(length_m)]), ROW_M)
    node_xy = np.column_stack([np.where(row % 2 == 0, x, ROW_M - x), row * ROWS_APART_M])
    edge_from, edge_to = np.empty(2 * n, np.int32), np.empty(2 * n, np.int32)
    edge_from[0::2], edge_from[1::2] = np.arange(n), np.arange(1, n + 1)
    edge_to[0::2], edge_to[1::2] = edge_from[1::2], edge_from[0::2]
    return Network(
        version=1, crs_epsg=6675, node_xy=node_xy, piece_id=np.arange(1, n + 1), edge_from=edge_from, edge_to=edge_to,
        length_m=length_m, is_open=np.ones(2 * n, np.bool_), speed_mps=np.full(n, 10.0), level=np.zeros(n, np.int32),
        road_class=np.full(n, 5, np.int32), shape_start=np.arange(0, 2 * n + 1, 2, dtype=np.int32),
        shape_xy=np.repeat(node_xy, 2, axis=0)[1:-1],
        out_start=np.concatenate([[0], np.cumsum(np.bincount(edge_from, minlength=n + 1))]).astype(np.int32),
        out_edge=np.argsort(edge_from, kind="stable").astype(np.int32),
    )  # fmt: skip


def facts_of(network: Network, n: int) -> PassFacts:
    """n facts of a season, a trace for each run of forty passes."""
    table = simulate_passes(network, n)
    at = {
        name: table[name].dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
        for name in ("started_at", "ended_at")
    }
    words = [str(word) for word in TREATMENTS]
    return PassFacts(
        edge=network.position_of(table["edge_id"].to_numpy()),
        from_m=table["from_m"].to_numpy(),
        to_m=table["to_m"].to_numpy(),
        began_us=at["started_at"],
        ended_us=at["ended_at"],
        kind=table["kind"].map({str(word): i for i, word in enumerate(KINDS)}).to_numpy(np.int8),
        treatment=table["treatment"].map({word: i for i, word in enumerate(words)}).fillna(-1).to_numpy(np.int8),
        work_basis=np.zeros(n, np.int8),
        confidence=table["confidence"].to_numpy(np.float64),
        source=np.ones(n, np.int64),
        synthetic=np.ones(n, np.bool_),
        trace=table["vehicle"].to_numpy(np.int64),
        seq=np.arange(n),
    )


def run(network: Network, facts: PassFacts, repeats: int) -> tuple[float, float]:
    """CPU seconds of coverage alone, and of the whole assessment; one thread."""
    length_m = np.repeat(network.length_m, 2)
    ends = (network.edge_from.astype(np.int64), network.edge_to.astype(np.int64))
    flag = np.ones(network.n_edges, np.bool_)
    edges = EdgeContext(
        *ends, length_m, np.full(network.n_edges, 24 * HOUR), flag, flag, flag, ~flag,
        np.ones(network.n_edges, np.int16), ~flag, np.full(network.n_edges, 10.0), np.zeros(network.n_edges, np.int32),
        None, Orders.none(network.n_edges), Twins.none(network.n_edges),
    )  # fmt: skip
    last = int(facts.ended_us.max())
    moment = Moment(int(facts.began_us.min()), last, is_standing=False)
    rules = StatusRules(0.95, 0.5, HOUR)
    covering, assessing = [], []
    for _ in range(repeats):
        begun = time.process_time()
        counts = clears(facts)
        cover(with_end_slack(facts, counts, adjacent(facts, *ends), length_m), counts, length_m)
        covering.append(time.process_time() - begun)
        begun = time.process_time()
        assess(facts, edges, rules, moment)
        assessing.append(time.process_time() - begun)
    return min(covering), min(assessing)


def main() -> None:
    """Print one line for each number of passes, then those of the database."""
    n_edges = int(sys.argv[1]) if len(sys.argv) > 1 else 70_000
    sizes = [int(text) for text in sys.argv[2:]] or [300_000, 1_000_000, 10_000_000]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC).date()}, {machine}; {n_edges} edges")
    network = lines(n_edges)
    run(network, facts_of(network, 1_000), 1)
    for n in sizes:
        covering, assessing = run(network, facts_of(network, n), 5 if n <= 1_000_000 else 1)
        print(f"{n:>12,} passes: coverage {covering:7.3f} s, coverage and states {assessing:7.3f} s", flush=True)
    for name, took in in_database(network, facts_of(network, sizes[0])).items():
        print(f"| {name} | {took.clock_s:.3f} s | {took.cpu_s:.3f} s | {took.server_s:.3f} s |", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
