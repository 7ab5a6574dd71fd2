"""What is measured: accuracy on drives, accuracy under noise, speed, and what it costs to get ready."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.drives import EVERY_S, SEATTLE, Drive, folders_of, mismatch, read_drive
from benchmarks.peers.contenders import OURS, VALHALLA, Condition, Contender, Files, Told, files_of
from benchmarks.peers.noise import KINDS, Kind, noisy_fixes
from geo.fix import Fixes
from yukimichi.match_files import thinned

SIGMAS_M = (10.0, 20.0, 30.0)
SEEDS = (1, 2, 3)
WORK_S = 2.0
ROUNDS = 5


@dataclass(slots=True)
class Score:
    """Missed plus added metres and metres of the true route, summed over drives or draws, and matches that failed."""

    wrong_m: float = 0.0
    true_m: float = 0.0
    n_failed: int = 0

    def add(self, other: Score) -> None:
        self.wrong_m += other.wrong_m
        self.true_m += other.true_m
        self.n_failed += other.n_failed

    @property
    def percent(self) -> float:
        return 100 * self.wrong_m / self.true_m


@dataclass(frozen=True, slots=True)
class Cost:
    """Getting ready for Seattle, and the peak memory of a process after one match of all its fixes."""

    cpu_s: float
    wall_s: float
    prepare_mb: float
    disk_mb: float
    match_mb: float


@dataclass(slots=True)
class Results:
    """All figures of a run.

    clean    drive -> (contender, seconds between fixes) -> score
    trusted  drive -> seconds between fixes -> score of Valhalla where it trusts the speeds of roads
    noise    (kind, sigma_m) -> (contender, told, seconds between fixes) -> score over all seeds
    speed    (contender, seconds between fixes) -> fixes a second of CPU; "ours, matching alone" is one more
    n_fixes  seconds between fixes -> fixes of Seattle
    """

    versions: dict[str, str] = field(default_factory=dict)
    clean: dict[str, dict[tuple[str, float], Score]] = field(default_factory=dict)
    trusted: dict[str, dict[float, Score]] = field(default_factory=dict)
    noise: dict[tuple[Kind, float], dict[tuple[str, Told, float], Score]] = field(default_factory=dict)
    speed: dict[tuple[str, float], float] = field(default_factory=dict)
    n_fixes: dict[float, int] = field(default_factory=dict)
    cost: dict[str, Cost] = field(default_factory=dict)


MATCHING_ALONE = "ours, matching alone"
type Say = Callable[[str], None]


def score(contender: Contender, drive: Drive, fixes: Fixes) -> Score:
    """Of one match; where it fails, all of the route is missed."""
    found = contender.match(fixes)
    return Score(*mismatch(drive.length_m, found.edges, drive.true), int(found.failed is not None))


def run(contenders: Sequence[Contender], data: Path, scratch: Path, say: Say) -> Results:
    """Measures everything; scratch holds the files of the peers."""
    results = Results()
    for folder in folders_of(data):
        files = files_of(read_drive(folder), scratch / folder.name)
        matchers = [c for c in contenders if c.takes]
        for contender in matchers:
            took = contender.prepare(files)
            results.versions[contender.name] = contender.open(files, Condition())
            if folder.name == SEATTLE:
                contender.match(files.drive.fixes)
                memory = contender.client.ask("memory")
                results.cost[contender.name] = Cost(
                    took["cpu_s"], took["wall_s"], took["peak_rss_mb"], took["disk_mb"], memory["peak_rss_mb"]
                )
        results.clean[folder.name] = _clean(matchers, files.drive)
        results.trusted[folder.name] = _trusted(matchers, files)
        say(f"{folder.name} " + _line(matchers, results, folder.name))
        if folder.name == SEATTLE:
            _noise(matchers, files, results, say)
            _speed(contenders, files, results, say)
    return results


def _line(contenders: Sequence[Contender], results: Results, drive: str) -> str:
    cells = results.clean[drive]
    return "  ".join(f"{c.name} " + " ".join(f"{cells[c.name, e].percent:.2f}" for e in EVERY_S) for c in contenders)


def _clean(contenders: Sequence[Contender], drive: Drive) -> dict[tuple[str, float], Score]:
    few = {every_s: thinned(drive.fixes, every_s) for every_s in EVERY_S}
    return {(c.name, every_s): score(c, drive, few[every_s]) for every_s in EVERY_S for c in contenders}


def _trusted(matchers: Sequence[Contender], files: Files) -> dict[float, Score]:
    valhalla = next(c for c in matchers if c.name == VALHALLA)
    found = {}
    for every_s in EVERY_S:
        valhalla.open(files, Condition(Told.SPEEDS, None, every_s))
        found[every_s] = score(valhalla, files.drive, thinned(files.drive.fixes, every_s))
    return found


def _noise(matchers: Sequence[Contender], files: Files, results: Results, say: Say) -> None:
    """The noise is laid on the whole track, which is thinned afterwards."""
    drive = files.drive
    for kind in KINDS:
        for sigma_m in SIGMAS_M:
            cells = results.noise[kind, sigma_m] = {}
            drawn = [noisy_fixes(drive.fixes, drive.network.crs_epsg, kind, sigma_m, seed) for seed in SEEDS]
            for contender, every_s in itertools.product(matchers, EVERY_S):
                for told in contender.takes:
                    contender.open(files, Condition(told, sigma_m, every_s))
                    total = cells[contender.name, told, every_s] = Score()
                    for fixes in drawn:
                        total.add(score(contender, drive, thinned(fixes, every_s)))
            say(f"{kind} noise of {sigma_m:.0f} m done")


def _speed(contenders: Sequence[Contender], files: Files, results: Results, say: Say) -> None:
    """CPU of at least two seconds of work, median of five, the contenders by turns."""
    for contender in contenders:
        contender.open(files, Condition())
    for every_s in EVERY_S:
        fixes = thinned(files.drive.fixes, every_s)
        results.n_fixes[every_s] = len(fixes)
        rates: dict[str, list[float]] = {}
        for contender in contenders:
            contender.cpu(fixes, 0.0)  # warms up
        for _ in range(ROUNDS):
            for contender in contenders:
                took = contender.cpu(fixes, WORK_S)
                rates.setdefault(contender.name, []).append(took["n"] * len(fixes) / took["cpu_s"])
                if contender.name == OURS:
                    rates.setdefault(MATCHING_ALONE, []).append(took["n"] * len(fixes) / took["match_cpu_s"])
        results.speed |= {(name, every_s): statistics.median(found) for name, found in rates.items()}
        say(f"speed at {every_s:.0f} s: " + ", ".join(f"{n} {results.speed[n, every_s]:.0f}" for n in rates))
