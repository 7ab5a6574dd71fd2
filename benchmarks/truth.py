"""Simulated ploughs from their fixes to what would be shown as cleared, against what they really did, in memory.

The stages are those of the service: cleaning, matching, passes, coverage. Nothing is stored, so a storm takes seconds.
What is shown is what covers an edge by status.covered_fraction_min with passes of status.confidence_min; how old a
clearing is plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage import PassFacts, clears, cover
from geo.crs import to_plane
from geo.drawn_twice import on_streets, with_twins
from geo.end_slack import adjacent, with_end_slack
from geo.fix import Fixes
from geo.linear import Stretches, clip, intersect, measure, union
from geo.matching.candidates import GridIndex, build_index
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.network import Network
from geo.passes import Passes, classify
from geo.settings import SourceSettings, StatusSettings
from geo.trace import Traces, clean_and_split
from geo.vocabulary import CLEARING_TREATMENTS
from geo.work import SourceWork, WorkStates, work_of
from yukimichi.demo import generate_demo
from yukimichi.match_files import MatchFilesWish, load_roads
from yukimichi.simulator import Duty, SimRun, Storm, make_duties, simulate
from yukimichi.simulator.demo_plan import demo_duties
from yukimichi.simulator.units import Receivers

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A longer silence of a unit makes the work that it touches unheard.
UNHEARD_S = 90.0
#: An edge is wholly cleared from this share of its length on, as in status.covered_fraction_min.
FULL = 0.95
#: When the simulated storms end: any moment will do.
ENDING_AT = datetime(2026, 1, 20, 22, tzinfo=UTC)
SAPPORO = "sapporo/sapporo_authorized_roads_202111.shp"
#: Simulated ploughs on Sapporo, and how long a storm lasts.
N_VEHICLES, HOURS = 60, 4.0


@dataclass(frozen=True, slots=True)
class World:
    """Roads and who ploughs them. duties: of the plans; None where each storm draws its own."""

    network: Network
    index: GridIndex
    duties: Sequence[Duty] | None = None

    @property
    def length_m(self) -> Floats:
        """(E,) metres of each edge."""
        return np.repeat(self.network.length_m, 2)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of storm: how far positions err and how often devices report, None as real ones do."""

    receivers: Receivers = field(default_factory=Receivers)
    interval_s: float | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """One storm and what became of its fixes. true: the stretches that were cleared, and by units that were heard."""

    run: SimRun
    traces: Traces
    work: WorkStates
    passes: Passes
    cleared: Stretches
    heard: Stretches
    silent: Stretches


def sapporo(data: Path) -> World:
    """The streets of Sapporo under YUKI_DATA, noded where they cross."""
    wish = MatchFilesWish(data / SAPPORO, Path("none.csv"), Path("none.csv"), policy="crossings")
    roads = load_roads(wish, SourceSettings())
    return World(roads.network, roads.index)


def demo(folder: Path, n_edges: int = 70_000) -> World:
    """The synthetic prefecture, made in a folder, with the duties of its plans."""
    network, duties = demo_duties(generate_demo(folder, n_edges=n_edges))
    return World(network, build_index(network), duties)


def storm_of(world: World, seed: int, kind: Kind, n_vehicles: int = N_VEHICLES, hours: float = HOURS) -> SimRun:
    """One storm on a world; the same arguments give the same storm."""
    duties = world.duties if world.duties is not None else make_duties(world.network, n_vehicles, seed)
    wish = Storm(ENDING_AT, hours, interval_s=kind.interval_s, receivers=kind.receivers)
    return simulate(world.network, duties, wish, seed=seed)


def play(world: World, run: SimRun, settings: MatchSettings | None = None, n_threads: int = 1) -> Played:
    """Clean, match and classify the fixes of a storm."""
    number = pd.factorize(run.fixes["vehicle"])[0]
    fixes = Fixes.from_frame(run.fixes.assign(vehicle=number)).sorted()
    xy = to_plane(fixes.lon, fixes.lat, world.network.crs_epsg)
    traces = clean_and_split(fixes, xy)
    all_work = work_of(fixes, SourceWork.uniform(len(fixes)))
    work = WorkStates(*(column[traces.kept] for column in (all_work.kind, all_work.treatment, all_work.basis)))
    passes = classify(traces, match(world.network, world.index, traces, settings, n_threads), work)
    done = run.truth[run.truth["worked"] & run.truth["treatment"].isin([str(t) for t in CLEARING_TREATMENTS])]
    is_heard: Bools = heard(done, run.fixes)
    return Played(
        run, traces, work, passes, _stretches(world, done), _stretches(world, done.loc[is_heard]),
        _stretches(world, done.loc[~is_heard]),
    )  # fmt: skip


def _stretches(world: World, rows: pd.DataFrame) -> Stretches:
    """The union of rows of the truth, by edge position."""
    edge = world.network.position_of(rows["edge_id"].to_numpy(np.int64)).astype(np.int64)
    return union(Stretches(edge, rows["from_m"].to_numpy(float), rows["to_m"].to_numpy(float)))


def heard(truth: pd.DataFrame, fixes: pd.DataFrame) -> Bools:
    """(n,) which rows of the truth a unit with a blade sensor reported on: no silence over UNHEARD_S touches them."""
    has_blade = set(fixes.loc[fixes["blade"].notna(), "vehicle"])
    times = {
        name: np.sort(at.to_numpy("datetime64[us]"))
        for name, at in fixes["at"].dt.tz_localize(None).groupby(fixes["vehicle"])
    }
    entered = truth["entered_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    left = truth["left_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    answer = np.zeros(len(truth), np.bool_)
    for name, rows in truth.groupby("vehicle").indices.items():
        at = times.get(name)
        if at is None or name not in has_blade:
            continue
        before = np.searchsorted(at, entered[rows], side="right") - 1
        after = np.searchsorted(at, left[rows], side="left")
        inside = (before >= 0) & (after < len(at))
        n_silences = np.concatenate([[0], np.cumsum(np.diff(at) / np.timedelta64(1, "s") > UNHEARD_S)])
        before, after = np.maximum(before, 0), np.minimum(after, len(at) - 1)
        answer[rows] = inside & (n_silences[after] == n_silences[before])
    return answer


def facts_of(passes: Passes) -> PassFacts:
    """The passes as the database would give them back: one source, confidence rounded to 32 bits."""
    return PassFacts(
        edge=passes.edge.astype(np.int64), from_m=passes.from_m, to_m=passes.to_m, began_us=passes.began_us,
        ended_us=passes.ended_us, kind=passes.kind, treatment=passes.treatment, work_basis=passes.work_basis,
        confidence=passes.confidence.astype(np.float32).astype(np.float64),
        source=np.zeros(len(passes), np.int64), synthetic=np.ones(len(passes), np.bool_),
        trace=passes.trace, seq=passes.seq.astype(np.int64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What facts cover of E edges: covered stretches, and (E,) whether the edge is shown as cleared."""

    covered: Stretches
    cleared: Bools


def shown(world: World, facts: PassFacts, counts: Bools) -> Shown:
    """What the facts that count cover, with the slack at the ends of edges."""
    ends = world.network.edge_from.astype(np.int64), world.network.edge_to.astype(np.int64)
    drawn = with_end_slack(facts, counts, adjacent(facts, *ends), world.length_m)
    found = cover(drawn, counts, world.length_m)
    return Shown(found.covered, found.fraction >= StatusSettings().covered_fraction_min - 1e-9)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown on E edges, and what was done. Metres (E,), masks (E,).

    facts     the passes, those of the other lines of streets drawn twice too
    done_m    cleared in truth; by_line_m: the same where each line drawn is a street of its own
    heard_m   cleared in truth by units that were heard; both_m: of it covered by passes that count
    """

    facts: PassFacts
    shown: Shown
    length_m: Floats
    done_m: Floats
    by_line_m: Floats
    heard_m: Floats
    both_m: Floats

    @property
    def is_full(self) -> Bools:
        """(E,) wholly cleared by units that were heard."""
        return self.heard_m >= FULL * self.length_m

    @property
    def is_missed(self) -> Bools:
        """(E,) wholly cleared by units that were heard, and not shown as cleared."""
        return self.is_full & ~self.shown.cleared


def judge(world: World, played: Played, confidence_min: float | None = None) -> Verdict:
    """What is shown of a storm beside what was done."""
    least = StatusSettings().confidence_min if confidence_min is None else confidence_min
    length_m, n, twins = world.length_m, world.network.n_edges, world.index.twins
    facts = with_twins(facts_of(played.passes), twins)
    found = shown(world, facts, clears(facts) & (facts.confidence >= least))
    heard = clip(on_streets(played.heard, twins), length_m)
    return Verdict(
        facts=facts, shown=found, length_m=length_m,
        done_m=measure(clip(on_streets(played.cleared, twins), length_m), n),
        by_line_m=measure(clip(played.cleared, length_m), n), heard_m=measure(heard, n),
        both_m=measure(intersect(heard, found.covered), n),
    )  # fmt: skip


def sums(found: Verdict) -> dict[str, float]:
    """Metres of one storm, to be summed over storms.

    shown_m, false_m      length shown as cleared, and of it not cleared in truth
    by_line_m             the same where each line drawn is a street of its own
    full_m, missed_m      length of edges that units that were heard wholly cleared, and of it not shown as cleared
    heard_m, uncovered_m  metres that they cleared, and of them not covered by passes that count
    silent_m, told_m      length of edges that only unheard units cleared, and of it shown as cleared all the same
    """
    length_m, cleared, full = found.length_m, found.shown.cleared, found.is_full
    silent = (found.done_m >= FULL * length_m) & ~full
    return {
        "shown_m": length_m[cleared].sum(),
        "false_m": (length_m - found.done_m)[cleared].sum(),
        "by_line_m": (length_m - found.by_line_m)[cleared].sum(),
        "full_m": length_m[full].sum(),
        "missed_m": length_m[found.is_missed].sum(),
        "heard_m": found.heard_m.sum(),
        "uncovered_m": (found.heard_m - found.both_m).sum(),
        "silent_m": length_m[silent].sum(),
        "told_m": length_m[silent & cleared].sum(),
    }


def causes(world: World, found: Verdict) -> dict[str, float]:
    """Metres missed by cause; the first that holds. They add up to missed_m."""
    facts, missed = found.facts, found.is_missed
    weak = shown(world, facts, clears(facts))
    found_all = shown(world, facts, np.full(len(facts), True))
    gap_m = found.length_m - measure(found_all.covered, world.network.n_edges)
    reasons = {
        "of low confidence": weak.cleared,
        "found, not taken for work": found_all.cleared,
        "found but for its last 30 m": gap_m < np.minimum(30.0, 0.5 * found.length_m),
        "not found": np.full(len(missed), True),
    }
    out: dict[str, float] = {}
    for name, holds in reasons.items():
        out[name] = float(found.length_m[missed & holds].sum())
        missed = missed & ~holds
    return out
