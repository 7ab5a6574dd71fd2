"""How true the map is: simulated ploughs on Sapporo's real streets and on the demo, against what they really did.

    YUKI_DATA=... python -m benchmarks.bench_truth [--seeds 20 21 22 23] [--demo-seeds 20 21] [--confidence]

For each kind of receiver and each sampling of 5, 10 and 15 s: all storms together, 60 ploughs and four hours each on
Sapporo, all machines of the plans and six hours on the demo. False: length shown as cleared that was not, of all that
is shown. Missed: length of edges that units with a blade sensor cleared while they were heard and that is not shown,
whatever is shown instead, of all such length; and the same in metres, edge by edge or not. Silent: length of edges that
only units cleared that were silent or have no sensor, and how much of it is shown all the same. Then what is missed by
cause. Streets that the roads draw twice count as one; a column says what were false if each line were a street of its
own. The stages are those of the service, in memory; how many passes a road needs and how old a clearing is are left
out. Nothing was tuned on seeds from 20 on. --confidence prints instead what each value of status.confidence_min costs
on Sapporo, with devices that report as real ones do.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.truth import HOURS, Kind, World, causes, demo, judge, play, sapporo, storm_of, sums
from yukimichi.simulator.units import Receivers

#: Real-like (docs/demo.md), and what better receivers would change: half the errors.
RECEIVERS = {"as real ones": Receivers(), "half the errors": Receivers(clear_m=1.65, disturbed_m=13.0)}
INTERVALS_S = (5.0, 10.0, 15.0)
DEMO_HOURS = 6.0
CANDIDATES = (0.0, 0.8, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
COLUMNS = (
    "roads", "receivers", "every", "shown km", "false %", "false %, by line", "heard km", "missed %", "missed metres %",
    "silent km", "of it shown %",
)  # fmt: skip


def kinds() -> Iterator[tuple[str, Kind]]:
    """Each kind of storm, with the name of its receivers."""
    for name, receivers in RECEIVERS.items():
        for interval_s in INTERVALS_S:
            yield name, Kind(receivers, interval_s)


def measured(world: World, seeds: Sequence[int], kind: Kind, hours: float) -> tuple[Counter[str], Counter[str]]:
    """Sums and causes of all storms of a kind together."""
    total: Counter[str] = Counter()
    why: Counter[str] = Counter()
    for seed in seeds:
        found = judge(world, play(world, storm_of(world, seed, kind, hours=hours)))
        total.update(sums(found))
        why.update(causes(world, found))
    return total, why


def line(roads: str, receivers: str, kind: Kind, t: Counter[str]) -> str:
    """One row of the table."""
    cells = (
        roads, receivers, f"{kind.interval_s:.0f} s", f"{t['shown_m'] / 1000:,.0f}",
        f"{100 * t['false_m'] / t['shown_m']:.2f}", f"{100 * t['by_line_m'] / t['shown_m']:.2f}",
        f"{t['full_m'] / 1000:,.0f}", f"{100 * t['missed_m'] / t['full_m']:.2f}",
        f"{100 * t['uncovered_m'] / t['heard_m']:.2f}", f"{t['silent_m'] / 1000:,.0f}",
        f"{100 * t['told_m'] / t['silent_m']:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def report(roads: str, world: World, seeds: Sequence[int], hours: float) -> list[str]:
    """Prints the rows of one world; returns the rows of its causes."""
    rows = []
    for name, kind in kinds():
        total, why = measured(world, seeds, kind, hours)
        print(line(roads, name, kind, total), flush=True)
        cells = [f"{100 * metres / total['full_m']:.2f}" for metres in why.values()]
        rows.append(f"| {roads} | {name} | {kind.interval_s:.0f} s | {' | '.join(cells)} |")
    return rows


def by_confidence(world: World, seeds: Sequence[int]) -> None:
    """Prints false and missed of all storms together for each value of status.confidence_min."""
    totals: dict[float, Counter[str]] = {least: Counter() for least in CANDIDATES}
    for seed in seeds:
        played = play(world, storm_of(world, seed, Kind()))
        for least, total in totals.items():
            total.update(sums(judge(world, played, least)))
    print("| confidence_min | false % | missed % | missed metres % |\n| --- | --- | --- | --- |")
    for least, t in totals.items():
        shares = (t["false_m"] / t["shown_m"], t["missed_m"] / t["full_m"], t["uncovered_m"] / t["heard_m"])
        print(f"| {least:g} | {' | '.join(f'{100 * share:.2f}' for share in shares)} |")


def main() -> None:
    wish = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wish.add_argument("--seeds", type=int, nargs="*", default=[20, 21, 22, 23], help="storms on Sapporo")
    wish.add_argument("--demo-seeds", type=int, nargs="*", default=[20, 21], help="storms on the demo")
    wish.add_argument("--confidence", action="store_true", help="what each confidence_min costs on Sapporo")
    given = wish.parse_args()
    if given.seeds and "YUKI_DATA" not in os.environ:
        sys.exit("Set YUKI_DATA to the folder of real data; Sapporo's roads are in its folder `sapporo`.")
    if given.confidence:
        by_confidence(sapporo(Path(os.environ["YUKI_DATA"])), given.seeds)
        return
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    rows = []
    if given.seeds:
        rows += report("Sapporo", sapporo(Path(os.environ["YUKI_DATA"])), given.seeds, HOURS)
    if given.demo_seeds:
        with tempfile.TemporaryDirectory(prefix="yuki-bench-") as folder:
            rows += report("demo", demo(Path(folder)), given.demo_seeds, DEMO_HOURS)
    names = ("of low confidence", "found, not taken for work", "found but for its last 30 m", "not found")
    print(f"\nMissed, % of what was heard:\n\n| roads | receivers | every | {' | '.join(names)} |\n|{' --- |' * 7}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
