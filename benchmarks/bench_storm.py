"""The demo's storm end to end, and how true the map is: fixes from file to published status, against what was driven.

    python benchmarks/bench_storm.py [N_EDGES] [SEEDS...]

For each seed: a private cluster in a temporary folder, the synthetic prefecture, one storm of six hours. Prints the
seconds of each stage, fixes a second from file to published status, and the table of truth:

- false cleared: length shown as cleared where no clearing work was done, as a share of all length shown as cleared;
- missed: length fully cleared by units that sense their blade and were heard, and not shown as cleared, as a share of
  it; units without a blade sensor and silent units are counted apart, since for them the right answer is unknown.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from geo.db import Role
from geo.migrate import migrate
from geo.network import Network
from geo.settings import Settings
from geo.store.road_needs import read_road_needs
from geo.vocabulary import CLEARING_TREATMENTS
from ingest.fixes import ingest_fixes
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install
from yukimichi.demo_load import SOURCE, load_demo, synthetic_source
from yukimichi.pipeline import World, lay_plans, refresh
from yukimichi.storm import Wish, folder_of, make_storm

SECRET = b"a secret of the benchmark"
#: A gap in a unit's fixes of this length makes the work within it unheard.
UNHEARD_S = 90.0


def timed[T](name: str, work: Callable[[], T], seconds: dict[str, float]) -> T:
    started = time.perf_counter()
    result = work()
    seconds[name] = time.perf_counter() - started
    return result


def covered_m(rows: pd.DataFrame, edges: pd.DataFrame) -> pd.Series[float]:
    """Metres of each edge over which [from_m, to_m] of as many rows lie as it needs; each row is a drive of its own.

    edges  by edge_id: needed, is_shared. On shared roads a drive in either direction counts for both.
    """
    shared = rows[rows["edge_id"].map(edges["is_shared"])]
    rows = pd.concat([rows, shared.assign(edge_id=shared["edge_id"] ^ 1)])
    turns = pd.concat([
        pd.DataFrame({"edge_id": rows["edge_id"], "at": rows["from_m"], "step": 1}),
        pd.DataFrame({"edge_id": rows["edge_id"], "at": rows["to_m"], "step": -1}),
    ]).sort_values(["edge_id", "at"], ignore_index=True)  # fmt: skip
    depth = turns.groupby("edge_id")["step"].cumsum()
    gap = (turns.groupby("edge_id")["at"].shift(-1) - turns["at"]).fillna(0.0)
    return gap.where(depth >= turns["edge_id"].map(edges["needed"]), 0.0).groupby(turns["edge_id"]).sum()


def heard(truth: pd.DataFrame, fixes: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of the truth a unit with a blade sensor reported on: a fix within the time before and after."""
    has_blade = fixes.groupby("vehicle")["blade"].apply(lambda blade: bool(blade.notna().any()))
    times = {name: np.sort(group.to_numpy("datetime64[us]")) for name, group in
             fixes["at"].dt.tz_localize(None).groupby(fixes["vehicle"])}  # fmt: skip
    answer = np.zeros(len(truth), bool)
    entered = truth["entered_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    left = truth["left_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    for name, rows in truth.groupby("vehicle").indices.items():
        at = times.get(name)
        if at is None or not has_blade[name]:
            continue
        before = np.searchsorted(at, entered[rows], side="right") - 1
        after = np.searchsorted(at, left[rows], side="left")
        inside = (before >= 0) & (after < len(at))
        gap = at[np.minimum(after, len(at) - 1)] - at[np.maximum(before, 0)]
        answer[rows] = inside & (
            gap / np.timedelta64(1, "s") - (left[rows] - entered[rows]) / np.timedelta64(1, "s") <= UNHEARD_S
        )
    return pd.Series(answer, truth.index)


def edge_states(context: Context, network: Network) -> pd.DataFrame:
    """length_m, state, needed and is_shared of every carriageway, by edge_id."""
    with context.database.connect(Role.ENGINE) as connection:
        needs = read_road_needs(connection, network, context.settings.states).passes
        rows = connection.execute(
            "SELECT 2 * p.piece_id + side, p.length_m, coalesce(s.state, 'unknown') FROM net.piece AS p "
            "CROSS JOIN generate_series(0, 1) AS side LEFT JOIN ops.edge_status AS s "
            "ON s.edge_id = 2 * p.piece_id + side AND s.superseded_at IS NULL WHERE p.last_version IS NULL"
        ).fetchall()
    told = pd.DataFrame(rows, columns=["edge_id", "length_m", "state"]).set_index("edge_id")
    needed = {"needed": needs.passes_needed, "is_shared": needs.is_shared}
    return told.join(pd.DataFrame(needed, index=network.edge_id))


def truth_table(context: Context, network: Network) -> dict[str, float]:
    """Kilometres and percentages of the states that are shown, against what was driven."""
    folder = folder_of(context.settings)
    truth, fixes = pd.read_parquet(folder / "truth.parquet"), pd.read_parquet(folder / "fixes.parquet")
    edges = edge_states(context, network)
    work = truth[truth["worked"] & truth["treatment"].isin([str(t) for t in CLEARING_TREATMENTS])]
    done = covered_m(work, edges).reindex(edges.index).fillna(0.0).clip(upper=edges["length_m"])
    by_heard = covered_m(work[heard(work, fixes)], edges).reindex(edges.index).fillna(0.0)
    cleared = edges["state"] == "cleared"
    full = by_heard >= 0.95 * edges["length_m"]
    full_any = done >= 0.95 * edges["length_m"]
    lost = full & ~cleared
    length = edges["length_m"]
    shown_m = length[cleared].sum()
    several = edges["needed"] > 1
    return {
        "n_fixes": len(fixes),
        "shown_cleared_km": shown_m / 1000,
        "false_cleared_percent": 100 * (length - done)[cleared].sum() / shown_m,
        "truly_cleared_km": length[full_any].sum() / 1000,
        "heard_km": length[full].sum() / 1000,
        "several_passes_km": length[several].sum() / 1000,
        "several_passes_cleared_km": length[several & cleared].sum() / 1000,
        "shared_km": length[edges["is_shared"]].sum() / 1000,
        "shared_cleared_km": length[edges["is_shared"] & cleared].sum() / 1000,
        "missed_of_heard_percent": 100 * length[lost].sum() / length[full].sum(),
        "missed_as_unknown_percent": 100 * length[lost & (edges["state"] == "unknown")].sum() / length[full].sum(),
        "missed_as_clearing_percent": 100 * length[lost & (edges["state"] == "clearing")].sum() / length[full].sum(),
        "missed_as_uncleared_percent": 100 * length[lost & (edges["state"] == "uncleared")].sum() / length[full].sum(),
    }


def one_storm(n_edges: int, seed: int) -> None:
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / ".yuki", find_or_install(print))
    cluster.start()
    seconds: dict[str, float] = {}
    try:
        context = Context(Settings(home=home / ".yuki"), cluster.database())
        migrate(context.database)
        timed("demo generated and taken in", lambda: load_demo(context, n_edges=n_edges), seconds)
        timed("network and plans", lambda: lay_plans(context.database, context.settings), seconds)
        world = World()
        as_of = datetime.now(UTC).replace(microsecond=0)
        first = refresh(context.database, context.settings, SECRET, as_of, world, quiet=True)
        network = first.network.network
        wish = Wish(as_of - timedelta(hours=6), as_of, seed)
        timed("storm simulated", lambda: make_storm(context, network, SOURCE, wish), seconds)
        source = synthetic_source(context, SOURCE)
        file = folder_of(context.settings) / "fixes.parquet"
        timed("fixes ingested", lambda: ingest_fixes(context.database, [file], SOURCE, source), seconds)
        publish = partial(refresh, context.database, context.settings, SECRET, as_of, world, quiet=True)
        timed("matched, covered, published", publish, seconds)
        figures = truth_table(context, network)
    finally:
        cluster.stop()
    rate = figures["n_fixes"] / (seconds["fixes ingested"] + seconds["matched, covered, published"])
    print(f"\nseed {seed}, {network.n_edges} edges, {os.cpu_count()} cores")
    for name, value in [*seconds.items(), ("fixes a second, file to published status", rate), *figures.items()]:
        print(f"| {name} | {value:,.3f} |")


def main() -> None:
    n_edges = int(sys.argv[1]) if len(sys.argv) > 1 else 70_000
    for seed in [int(word) for word in sys.argv[2:]] or [11]:
        one_storm(n_edges, seed)


if __name__ == "__main__":
    main()
