"""How true the map is on real, dense streets: Sapporo's roads, simulated ploughs, and what each confidence costs.

    YUKI_DATA=... python -m benchmarks.bench_storm_sapporo [SEEDS...]

For each seed: a private cluster in a temporary folder, the road lines of YUKI_DATA/sapporo noded where they cross, 60
ploughs for four hours. The states are then made for several values of status.confidence_min, and for each the table
of truth of bench_storm is printed. There are no plans, so what was not cleared is unknown and not uncleared. Then
what the false-cleared metres are, and after the last storm the table of all of them together.

- nobody drove there: another road was taken for the one driven, or a way was drawn too long
- only against: somebody drove it, but in the other direction alone
- blade up: somebody drove it in this direction and did not work
- in part: somebody worked on a part of it
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.bench_storm import SECRET, covered_m, edge_states, timed, truth_table
from geo.migrate import migrate
from geo.network import Network
from geo.settings import Settings, SourceSettings, StateSettings, StatusSettings
from geo.store.status import refresh_status
from geo.vocabulary import CLEARING_TREATMENTS
from ingest.roads import ingest_roads
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install
from yukimichi.pipeline import World, refresh
from yukimichi.player import send_until
from yukimichi.storm import Wish, folder_of, make_storm

#: Simulated ploughs and how long they are out; the seeds when none are named.
N_VEHICLES, HOURS, SEEDS = 60, 4, (5,)
ROADS = "sapporo/sapporo_authorized_roads_202111.shp"
CANDIDATES = (0.0, 0.8, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)
COLUMNS = (
    "shown_cleared_km", "false_cleared_percent", "missed_of_heard_percent", "missed_as_unknown_percent",
    "missed_as_clearing_percent", "heard_km",
)  # fmt: skip


def false_metres(context: Context, network: Network) -> dict[str, float]:
    """Metres shown as cleared and not cleared in truth, by what happened there."""
    truth = pd.read_parquet(folder_of(context.settings) / "truth.parquet")
    edges = edge_states(context, network)
    work = truth[truth["worked"] & truth["treatment"].isin([str(t) for t in CLEARING_TREATMENTS])]
    done = covered_m(work, edges).reindex(edges.index).fillna(0.0).clip(upper=edges["length_m"])
    false = (edges["length_m"] - done)[edges["state"] == "cleared"]
    partly, driven = false.index.isin(work["edge_id"]), set(truth["edge_id"])
    along, against = false.index.isin(list(driven)), (false.index ^ 1).isin(list(driven))
    return {
        "in part": float(false[partly].sum()),
        "blade up": float(false[along & ~partly].sum()),
        "only against": float(false[~along & against].sum()),
        "nobody drove there": float(false[~along & ~against].sum()),
    }


def print_table(figures: pd.DataFrame) -> None:
    """One line for each value of confidence_min, the index; columns are COLUMNS."""
    print("| confidence_min | " + " | ".join(COLUMNS) + " |\n|" + " --- |" * (1 + len(COLUMNS)))
    for least, line in figures.iterrows():
        print(f"| {least:g} | " + " | ".join(f"{line[name]:.2f}" for name in COLUMNS) + " |", flush=True)


def together(storms: list[pd.DataFrame]) -> pd.DataFrame:
    """Shares of all storms in one: of all that is shown as cleared, and of all that was heard."""
    out = sum(table[[name for name in COLUMNS if name.endswith("_km")]] for table in storms)
    for name in COLUMNS:
        if name.endswith("_percent"):
            base = "shown_cleared_km" if name.startswith("false") else "heard_km"
            out[name] = sum(table[name] * table[base] for table in storms) / out[base]
    return out


def print_truth(context: Context, network: Network, as_of: datetime) -> pd.DataFrame:
    """The table of truth for each candidate, which is returned, then what is false at the default."""
    figures = {}
    for least in CANDIDATES:
        refresh_status(context.database, network, StateSettings(status=StatusSettings(confidence_min=least)), as_of)
        figures[least] = truth_table(context, network)
    table = pd.DataFrame.from_dict(figures, orient="index")
    print_table(table)
    refresh_status(context.database, network, StateSettings(), as_of)
    print(f"\nFalse metres at {StatusSettings().confidence_min:g}:")
    for name, metres in false_metres(context, network).items():
        print(f"| {name} | {metres:,.0f} m |")
    return table


def one_storm(roads: Path, seed: int) -> pd.DataFrame:
    """Everything for one seed, in a cluster of its own; the table of truth."""
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / ".yuki", find_or_install(print))
    cluster.start()
    seconds: dict[str, float] = {}
    try:
        context, world = Context(Settings(home=home / ".yuki"), cluster.database()), World()
        migrate(context.database)
        source = SourceSettings(join_policy="crossings")
        timed("roads taken in", lambda: ingest_roads(context.database, [roads], "sapporo", source), seconds)
        as_of = datetime.now(UTC).replace(microsecond=0)
        publish = partial(refresh, context.database, context.settings, SECRET, as_of, world, quiet=True)
        network = timed("network", publish, seconds).network.network
        wish = Wish(as_of - timedelta(hours=HOURS), as_of, seed, n_vehicles=N_VEHICLES)
        timed("storm simulated", lambda: make_storm(context, network, "sim", wish), seconds)
        send_until(context, SourceSettings(synthetic=True), as_of + timedelta(seconds=1))
        matched = timed("matched, covered, published", publish, seconds).match
        print(f"\nseed {seed}, {network.n_edges} edges, {matched.n_fixes} fixes, {os.cpu_count()} cores")
        print(", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()) + "\n")
        return print_truth(context, network, as_of)
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    if "YUKI_DATA" not in os.environ:
        sys.exit("Set YUKI_DATA to the folder of real data; Sapporo's roads are in its folder `sapporo`.")
    seeds = [int(word) for word in sys.argv[1:]] or SEEDS
    storms = [one_storm(Path(os.environ["YUKI_DATA"]) / ROADS, seed) for seed in seeds]
    print(f"\nseeds {', '.join(map(str, seeds))} together\n")
    print_table(together(storms))


if __name__ == "__main__":
    main()
