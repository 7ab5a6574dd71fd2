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
from geo.matching.candidates import GridIndex
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.network import Network
from geo.passes import Passes, classify
from geo.settings import SourceSettings, StatusSettings
from geo.trace import Traces, clean_and_split
from geo.vocabulary import CLEARING_TREATMENTS
from geo.work import SourceWork, WorkStates, work_of
from yukimichi.match_files import MatchFilesWish, load_roads
from yukimichi.simulator import Duty, SimRun, Storm, make_duties, simulate
from yukimichi.simulator.units import Receivers

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: A longer silence of a unit makes the work that it touches unheard.
UNHEARD_S = 90.0
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


def shown(world: World, facts: PassFacts, counts: Bools, share: float | None = None) -> Shown:
    """What the facts that count cover, with the slack at the ends of edges."""
    ends = world.network.edge_from.astype(np.int64), world.network.edge_to.astype(np.int64)
    drawn = with_end_slack(facts, counts, adjacent(facts, *ends), world.length_m)
    found = cover(drawn, counts, world.length_m)
    share = StatusSettings().covered_fraction_min if share is None else share
    return Shown(found.covered, found.fraction >= share - 1e-9)


def judge(world: World, played: Played, confidence_min: float | None = None) -> dict[str, float]:
    """Metres of what is shown and of what was done; a table of a storm, to be summed over storms.

    shown_m, false_m      length shown as cleared, and of it not cleared in truth
    heard_m, missed_m     length of edges that units wholly cleared and that were heard, and of it not shown as cleared
    heard_metres, missed_metres  metres that heard units cleared, and of them not covered by passes that count
    silent_m, silent_shown_m  likewise, edges that only unheard units cleared, and what is shown of them all the same
    """
    least = StatusSettings().confidence_min if confidence_min is None else confidence_min
    length_m, n = world.length_m, world.network.n_edges
    facts = with_twins(facts_of(played.passes), world.index.twins)
    found = shown(world, facts, clears(facts) & (facts.confidence >= least))
    heard = on_streets(played.heard, world.index.twins)
    done_m, heard_m = (measure(clip(s, length_m), n) for s in (on_streets(played.cleared, world.index.twins), heard))
    full = heard_m >= 0.95 * length_m
    silent = (done_m >= 0.95 * length_m) & ~full
    both_m = measure(intersect(clip(heard, length_m), found.covered), n)
    return {
        "shown_m": length_m[found.cleared].sum(),
        "false_m": (length_m - np.minimum(done_m, length_m))[found.cleared].sum(),
        "heard_m": length_m[full].sum(),
        "missed_m": length_m[full & ~found.cleared].sum(),
        "heard_metres": heard_m.sum(),
        "missed_metres": heard_m.sum() - both_m.sum(),
        "silent_m": length_m[silent].sum(),
        "silent_shown_m": length_m[silent & found.cleared].sum(),
    }
