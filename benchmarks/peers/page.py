"""The page docs/matching-peers.md, whole: the words from page.md.in, the figures from a run. Pure but for that file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.drives import EVERY_S, SEATTLE
from benchmarks.peers.contenders import (
    BREAKAGE_M,
    OSRM,
    OSRM_RADIUS_M,
    OURS,
    OWN_BREAKAGE_M,
    TIME_FACTOR,
    VALHALLA,
    VALHALLA_OWN,
    Told,
)
from benchmarks.peers.machine import Machine
from benchmarks.peers.measure import MATCHING_ALONE, ROUNDS, SEEDS, WORK_S, Results, Score
from benchmarks.peers.noise import TIME_CONSTANT_S

NAMES = (OURS, VALHALLA, OSRM)
#: Samplings at which ours must not be worse than Valhalla by more than so many points on any drive.
HELD_EVERY_S = (1.0, 10.0, 30.0)
HELD_POINTS = 0.5
TEMPLATE = Path(__file__).with_name("page.md.in")
type Cells = dict[tuple[str, float], Score]
type NoiseCells = dict[tuple[str, Told, float], Score]


def page(results: Results, machine: Machine, minutes: float) -> str:
    """The page as Markdown."""
    versions = {"pyvalhalla": results.versions[VALHALLA], "osrm-bindings": results.versions[OSRM]} | machine.versions
    fields = {
        "matcher": results.versions[OURS],
        "machine": f"{machine.processor}, {machine.n_cores} cores, {machine.memory_gib:.0f} GiB",
        "load": f"{machine.load:.1f}",
        "date": machine.on.isoformat(),
        "minutes": f"{minutes:.0f}",
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
        "clean_table": clean_table(results),
        "ratio_table": ratio_table(results),
        "clean_verdict": clean_verdict(results),
        "noise_tables": "\n\n".join(noise_table(results, kind) for kind in dict.fromkeys(k for k, _ in results.noise)),
        "noise_verdict": noise_verdict(results, (Told.NOTHING, Told.SIGMA)),
        "noise_verdict_speeds": noise_verdict(results, tuple(Told)),
        "speed_table": speed_table(results),
        "cost_table": cost_table(results),
        "n_failed": failures(results),
        "breakage_km": f"{BREAKAGE_M / 1000:.0f}",
        "own_breakage_km": f"{OWN_BREAKAGE_M / 1000:.0f}",
        "time_factors": ", ".join(f"{factor:g} at {_every(e)}" for e, factor in TIME_FACTOR.items()),
        "osrm_radius_m": f"{OSRM_RADIUS_M:.0f}",
        "time_constant_s": f"{TIME_CONSTANT_S:.0f}",
        "n_seeds": str(len(SEEDS)),
        "work_s": f"{WORK_S:.0f}",
        "n_rounds": str(ROUNDS),
        "held_points": f"{HELD_POINTS}",
    }
    return TEMPLATE.read_text(encoding="utf-8").format_map(fields)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows)])


def _every(every_s: float) -> str:
    return f"{every_s:.0f} s"


def ratio(ours: float, theirs: float) -> str:
    """Ours over theirs with two digits that count; a dash where theirs is nothing."""
    return f"{ours / theirs:.2g}" if theirs > 0 else "–"


def together[Key](cells_by_drive: dict[str, dict[Key, Score]]) -> dict[Key, Score]:
    """The drives other than Seattle as one."""
    total: dict[Key, Score] = {}
    for drive, cells in cells_by_drive.items():
        for key, score in cells.items() if drive != SEATTLE else ():
            total.setdefault(key, Score()).add(score)
    return total


def _mismatches(cells: Cells, every_s: float) -> str:
    values = [cells[name, every_s].percent for name in NAMES]
    best = min(round(value, 2) for value in values)
    return " · ".join(f"**{v:.2f}**" if round(v, 2) == best else f"{v:.2f}" for v in values)


def clean_table(results: Results) -> str:
    """A row for each drive and one for the drives other than Seattle together."""
    named = dict(results.clean)
    if others := together(results.clean):
        named[_others(results)] = others
    rows = [
        [drive, f"{cells[OURS, EVERY_S[0]].true_m / 1000:.1f}", *(_mismatches(cells, e) for e in EVERY_S)]
        for drive, cells in named.items()
    ]
    return _table(["drive", "km", *map(_every, EVERY_S)], rows)


def ratio_table(results: Results) -> str:
    """Ours over the peers, and Valhalla where it trusts the speeds of roads: Seattle, and the others together."""
    rows = []
    for drive, cells, trusted in (
        (SEATTLE, results.clean[SEATTLE], results.trusted[SEATTLE]),
        (_others(results), together(results.clean), together(results.trusted)),
    ):
        for peer in (VALHALLA, OSRM) if cells else ():
            parts = [ratio(cells[OURS, e].percent, cells[peer, e].percent) for e in EVERY_S]
            rows.append([drive, f"ours ÷ {peer}", *parts])
        if cells:
            rows.append([drive, "Valhalla, speeds trusted, %", *(f"{trusted[e].percent:.2f}" for e in EVERY_S)])
    return _table(["", "", *map(_every, EVERY_S)], rows)


def _others(results: Results) -> str:
    return f"the {sum(drive != SEATTLE for drive in results.clean)} other drives together"


def clean_verdict(results: Results) -> str:
    """Names each drive on which ours is worse than Valhalla by more than HELD_POINTS."""
    worse = [
        f"- {drive}, {_every(e)}: ours {cells[OURS, e].percent:.2f}, Valhalla {cells[VALHALLA, e].percent:.2f}"
        for drive, cells in results.clean.items()
        for e in HELD_EVERY_S
        if cells[OURS, e].percent - cells[VALHALLA, e].percent > HELD_POINTS
    ]
    samplings = ", ".join(map(_every, HELD_EVERY_S))
    if not worse:
        return f"At {samplings} ours is on no drive worse than Valhalla by more than {HELD_POINTS} points."
    return f"At {samplings} ours is worse than Valhalla by more than {HELD_POINTS} points on:\n\n" + "\n".join(worse)


def noise_table(results: Results, kind: str) -> str:
    """For each sigma a row for each contender and what it is told, and ours, told nothing, over the best Valhalla."""
    rows = []
    for (found, sigma_m), cells in results.noise.items():
        if found != kind:
            continue
        for name, told in dict.fromkeys((name, told) for name, told, _ in cells):
            values = [f"{cells[name, told, e].percent:.2f}" for e in EVERY_S]
            rows.append([f"{sigma_m:.0f} m", f"{name}, {told}", *values])
        parts = [ratio(cells[OURS, Told.NOTHING, e].percent, _best(cells, e, tuple(Told))) for e in EVERY_S]
        rows.append([f"{sigma_m:.0f} m", "*ours, told nothing ÷ Valhalla's best*", *parts])
    head = "White noise" if kind == "white" else f"Noise correlated over {TIME_CONSTANT_S:.0f} s"
    return f"**{head}**\n\n" + _table(["σ per axis", "matcher", *map(_every, EVERY_S)], rows)


def _best(cells: NoiseCells, every_s: float, among: Sequence[Told]) -> float:
    return min(cells[VALHALLA, told, every_s].percent for told in among)


def noise_verdict(results: Results, among: Sequence[Told]) -> str:
    """Names each cell in which ours, told nothing, is worse than the best of Valhalla's rows of these kinds."""
    worse = [
        f"- {kind}, {sigma_m:.0f} m, {_every(e)}: ours {cells[OURS, Told.NOTHING, e].percent:.2f}, "
        f"told σ {cells[OURS, Told.SIGMA, e].percent:.2f}, Valhalla {_best(cells, e, among):.2f}"
        for (kind, sigma_m), cells in results.noise.items()
        for e in EVERY_S
        if cells[OURS, Told.NOTHING, e].percent > _best(cells, e, among)
    ]
    n = len(results.noise) * len(EVERY_S)
    rows = ", ".join(f"*{told}*" for told in among)
    n_held = n - len(worse)
    better = f"In {n_held} of {n} cells ours, told nothing, is at least as true as the best of Valhalla's rows {rows}"
    return f"{better}. It is worse in:\n\n" + "\n".join(worse) if worse else f"{better}."


def speed_table(results: Results) -> str:
    """Fixes a second of CPU on one thread, and ratios."""
    names = (OURS, MATCHING_ALONE, VALHALLA, VALHALLA_OWN, OSRM)
    peers = (VALHALLA, VALHALLA_OWN, OSRM)
    rows = []
    for e in EVERY_S:
        rates = [f"{results.speed[name, e]:,.0f}" for name in names]
        ratios = [ratio(results.speed[OURS, e], results.speed[peer, e]) for peer in peers]
        rows.append([_every(e), f"{results.n_fixes[e]:,}", *rates, *ratios])
    head = ["one fix in", "fixes", *names, *(f"ours ÷ {peer}" for peer in peers)]
    return _table(head, rows)


def cost_table(results: Results) -> str:
    """Getting ready and memory."""
    parts = {name: (c.cpu_s, c.wall_s, c.prepare_mb, c.match_mb) for name, c in results.cost.items()}
    rows = [
        [name, f"{cpu_s:.2f}", f"{wall_s:.2f}", f"{prepare_mb:.0f}", f"{match_mb:.0f}"]
        for name, (cpu_s, wall_s, prepare_mb, match_mb) in parts.items()
    ]
    for row, name in zip(rows, parts, strict=True):
        row.append(f"{results.cost[name].disk_mb:.0f}")
    for peer in (VALHALLA, OSRM):
        rows.append([f"ours ÷ {peer}", *map(ratio, parts[OURS], parts[peer]), ""])
    head = ["", "CPU, s", "wall, s", "peak MB, getting ready", "peak MB, matching", "files, MB"]
    return _table(head, rows)


def failures(results: Results) -> str:
    """How many matches each gave no route for."""
    count = dict.fromkeys(NAMES, 0)
    for clean in results.clean.values():
        for (name, _), score in clean.items():
            count[name] += score.n_failed
    for noise in results.noise.values():
        for (name, _, _), score in noise.items():
            count[name] += score.n_failed
    return ", ".join(f"{name} {n}" for name, n in count.items())


def as_json(results: Results) -> dict[str, Any]:
    """The mismatch percentages and speeds, by names."""
    return {
        "versions": results.versions,
        "clean": {
            drive: {f"{n}, {_every(e)}": s.percent for (n, e), s in cells.items()}
            for drive, cells in results.clean.items()
        },
        "trusted": {
            drive: {_every(e): s.percent for e, s in cells.items()} for drive, cells in results.trusted.items()
        },
        "noise": {
            f"{kind}, {sigma_m:.0f} m": {f"{n}, {told}, {_every(e)}": s.percent for (n, told, e), s in cells.items()}
            for (kind, sigma_m), cells in results.noise.items()
        },
        "fixes_per_cpu_s": {f"{n}, {_every(e)}": rate for (n, e), rate in results.speed.items()},
    }
