"""The plough simulator: what it drives is possible, what it reports looks like real units, and the truth fits both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.crs import to_plane
from geo.errors import InputError
from geo.network import Network
from geo.roads import road_table
from geo.topology import build_pieces, to_network
from geo.vocabulary import Treatment
from yukimichi.demo import DemoFiles
from yukimichi.simulator import Duty, SimRun, Storm, make_duties, simulate, simulate_passes, stream, write_run
from yukimichi.simulator.demo_plan import demo_duties
from yukimichi.simulator.duties import duties_from_plan, split_edges
from yukimichi.simulator.season import PASS_COLUMNS
from yukimichi.simulator.tours import make_tour, prepare_roads
from yukimichi.simulator.units import position_errors

JAPAN = timezone(timedelta(hours=9))
STORM = Storm(ending_at=datetime(2026, 1, 20, 8, tzinfo=JAPAN), hours=4.0, share=0.25)


@pytest.fixture(scope="module")
def planned(demo_files: DemoFiles) -> tuple[Network, list[Duty]]:
    return demo_duties(demo_files)


@pytest.fixture(scope="module")
def network(planned: tuple[Network, list[Duty]]) -> Network:
    return planned[0]


@pytest.fixture(scope="module")
def run(planned: tuple[Network, list[Duty]]) -> SimRun:
    return simulate(*planned, STORM, seed=11)


@pytest.fixture(scope="module")
def reports(run: SimRun) -> pd.DataFrame:
    """Fixes without their repeats, by vehicle and time."""
    return run.fixes.drop_duplicates().sort_values(["vehicle", "at"]).reset_index(drop=True)


@pytest.fixture(scope="module")
def truth(run: SimRun, network: Network) -> pd.DataFrame:
    return run.truth.assign(position=network.position_of(run.truth["edge_id"].to_numpy()))


def lines_of(network: Network) -> np.ndarray:
    return shapely.linestrings(
        network.shape_xy, indices=np.repeat(np.arange(len(network.length_m)), np.diff(network.shape_start))
    )


def cross_roads() -> Network:
    """A crossroads of four arms of 400 m, and a one-way arm east that only leaves."""
    arms = [[(0, 0), (400, 0)], [(0, 0), (0, 400)], [(-400, 0), (0, 0)], [(0, 0), (0, -400)], [(400, 0), (400, 400)],
            [(400, 400), (0, 400)]]  # fmt: skip
    table = road_table([shapely.LineString(a) for a in arms], oneway=[0, 0, 0, 0, 1, 1])
    return to_network(build_pieces(table, "endpoints", 0.1), 6675)


# --- duties and tours


def test_every_vehicle_of_the_plan_gets_one_duty(demo_files: DemoFiles, planned: tuple[Network, list[Duty]]) -> None:
    network, duties = planned
    table = pd.read_csv(demo_files.assignments, dtype=str).fillna("")
    wanted = set(table.loc[table["vehicle"] != "", "vehicle"])
    names = [d.vehicle for d in duties]
    assert len(names) == len(set(names))
    assert set(names) <= wanted
    assert len(names) > 0.98 * len(wanted)
    assert all(network.is_open[d.edge].all() for d in duties)
    assert {d.treatment for d in duties} >= {Treatment.FRESH_SNOW_PLOWING, Treatment.ANTI_ICING, Treatment.WIDENING}


def test_ploughs_of_one_plan_share_its_edges_without_rest(network: Network) -> None:
    edges = np.flatnonzero(network.is_open)[:400]
    parts = split_edges(network, edges, 3)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.sort(edges))
    piece_sets = [set((p >> 1).tolist()) for p in parts]
    assert not piece_sets[0] & piece_sets[1]
    assert not piece_sets[1] & piece_sets[2]


def test_half_planned_edges_and_machines_without_device_are_left_out() -> None:
    network = cross_roads()
    ids = network.edge_id
    plan = pd.DataFrame(
        {
            "route_id": ["A", "A", "A"],
            "section_id": [None, None, None],
            "edge_id": [ids[0], ids[1], 10**9],
            "from_m": [0.0, 0.0, 0.0],
            "to_m": [400.0, 150.0, 5.0],
        }
    )
    crew = pd.DataFrame(
        {"route_id": ["A", "A"], "section_id": ["", ""], "machine_class": ["", ""], "vehicle": ["V1", ""]}
    )
    duties = duties_from_plan(network, plan, crew.iloc[:1], np.empty((0, 2)))
    assert [d.edge.tolist() for d in duties] == [[0]]
    assert duties_from_plan(network, plan, crew.iloc[1:], np.empty((0, 2))) == []


def test_a_tour_serves_all_and_drives_only_what_is_open_and_joined() -> None:
    network = cross_roads()
    duty = np.flatnonzero(network.is_open)
    tour = make_tour(prepare_roads(network), duty, 0, 1e6, 5.0, 1)
    assert np.array_equal(np.sort(tour.edge[tour.is_served == 1]), duty)
    assert network.is_open[tour.edge].all()
    assert np.array_equal(network.edge_to[tour.edge][:-1], network.edge_from[tour.edge][1:])
    assert network.edge_from[tour.edge[0]] == network.edge_to[tour.edge[-1]] == 0


def test_ways_between_are_the_shortest(network: Network) -> None:
    """Oracle: scipy's Dijkstra over the same costs."""
    roads = prepare_roads(network)
    open_edges = np.flatnonzero(network.is_open)
    n = len(network.node_xy)
    order = np.argsort(-roads.way_s[open_edges], kind="stable")  # of parallel edges the quicker one is written last
    best: dict[tuple[int, int], float] = {}
    for e in open_edges[order].tolist():
        best[int(network.edge_from[e]), int(network.edge_to[e])] = float(roads.way_s[e])
    rows, columns = np.array(list(best)).T
    graph = csr_matrix((np.array(list(best.values())), (rows, columns)), shape=(n, n))
    rng = np.random.default_rng(1)
    for start in rng.integers(0, n, 5).tolist():
        goal_edge = int(open_edges[rng.integers(len(open_edges))])
        tour = make_tour(roads, np.array([goal_edge]), start, 1e6, 5.0, 1)
        served = np.flatnonzero(tour.is_served == 1)
        expected = dijkstra(graph, indices=start)[network.edge_from[goal_edge]]
        if np.isinf(expected):
            assert len(served) == 0
        else:
            assert roads.way_s[tour.edge[: served[0]]].sum() == pytest.approx(expected)


def test_a_duty_that_cannot_be_reached_ends_the_tour() -> None:
    table = road_table([shapely.LineString(a) for a in ([(0, 0), (100, 0)], [(500, 0), (600, 0)])])
    network = to_network(build_pieces(table, "endpoints", 0.1), 6675)
    tour = make_tour(prepare_roads(network), np.array([2, 3]), 0, 1e6, 5.0, 3)
    assert len(tour.edge) == 0


def test_duties_for_a_network_without_a_plan(network: Network) -> None:
    duties = make_duties(network, 12, seed=4, share=0.3)
    assert 10 <= len(duties) <= 12
    pieces = np.concatenate([np.unique(d.edge >> 1) for d in duties])
    assert len(pieces) == len(np.unique(pieces))
    assert network.length_m[pieces].sum() == pytest.approx(0.3 * network.length_m.sum(), rel=0.05)


# --- truth


def test_the_same_seed_gives_the_same_storm(planned: tuple[Network, list[Duty]], run: SimRun) -> None:
    again = simulate(*planned, STORM, seed=11)
    pd.testing.assert_frame_equal(run.fixes, again.fixes)
    pd.testing.assert_frame_equal(run.truth, again.truth)
    other = simulate(*planned, replace(STORM, share=0.02), seed=12)
    assert not run.fixes["lon"].head(100).equals(other.fixes["lon"].head(100))


def test_truth_is_a_drive_that_is_possible(truth: pd.DataFrame, network: Network) -> None:
    length_m = network.length_m[truth["position"].to_numpy() >> 1]
    assert (truth["from_m"] >= -1e-6).all()
    assert (truth["to_m"] <= length_m + 1e-6).all()
    assert (truth["from_m"] <= truth["to_m"]).all()
    assert network.is_open[truth["position"]].all()
    before, after = truth.iloc[:-1], truth.iloc[1:]
    same = before["vehicle"].to_numpy() == after["vehicle"].to_numpy()
    assert (before["left_at"].to_numpy()[same] <= after["entered_at"].to_numpy()[same]).all()
    assert (after["seq"].to_numpy()[same] == before["seq"].to_numpy()[same] + 1).all()
    one, two = before["position"].to_numpy()[same], after["position"].to_numpy()[same]
    joined = (network.edge_to[one] == network.edge_from[two]) | (one == two)
    assert joined.all()


def test_work_is_done_on_duty_edges_only_and_speed_is_a_ploughs(
    truth: pd.DataFrame, planned: tuple[Network, list[Duty]]
) -> None:
    duty = {d.vehicle: set(d.edge.tolist()) for d in planned[1]}
    worked = truth[truth["worked"]]
    assert all(p in duty[v] for v, p in zip(worked["vehicle"], worked["position"], strict=True))
    assert worked["treatment"].notna().all()
    assert truth.loc[~truth["worked"], "treatment"].isna().all()
    seconds = (truth["left_at"] - truth["entered_at"]).dt.total_seconds()
    mps = ((truth["to_m"] - truth["from_m"]) / seconds)[seconds > 5]
    assert mps.max() < 23.0
    assert (mps < 8 / 3.6).mean() > 0.02
    assert set(truth["motion"]) == {"drive", "reverse"}
    assert not truth.loc[truth["motion"] == "reverse", "worked"].any()


def test_a_machine_with_time_serves_all_of_its_duty() -> None:
    network = cross_roads()
    duty = Duty("V1", np.flatnonzero(network.is_open), (-30.0, 40.0), Treatment.FRESH_SNOW_PLOWING, False)
    storm = Storm(datetime(2026, 1, 20, 8, tzinfo=JAPAN), hours=8.0)
    for seed in range(30):
        truth = simulate(network, [duty], storm, seed=seed).truth
        served = set(network.position_of(truth.loc[truth["worked"], "edge_id"].to_numpy()).tolist())
        if len(truth) > 30:
            assert served == set(duty.edge.tolist())
            return
    pytest.fail("no machine left its depot in 30 storms")


# --- reports


def test_reports_look_like_real_units(run: SimRun, reports: pd.DataFrame, network: Network) -> None:
    """The figures of a published sample: interval 15 s, many repeats, gaps to 521 s; 3.5 m median, 32 m p90 offset."""
    assert 0.06 < run.fixes.duplicated().mean() < 0.2
    step = reports.groupby("vehicle")["at"].diff().dt.total_seconds().dropna()
    assert step.median() == 15
    assert (step > 60).any()
    assert not reports.duplicated(["vehicle", "at"]).any()
    points = shapely.points(to_plane(reports["lon"].to_numpy(), reports["lat"].to_numpy(), 6675)[::7])
    distance = shapely.STRtree(lines_of(network)).query_nearest(points, all_matches=False, return_distance=True)[1]
    median, p90, p95 = np.percentile(distance, [50, 90, 95])
    assert 2.5 < median < 5.0
    assert 20 < p90 < 45
    assert p95 < 70
    assert distance.max() < 700


def test_reports_lie_near_the_true_edge_and_keep_left(
    reports: pd.DataFrame, truth: pd.DataFrame, network: Network
) -> None:
    drives = truth[(truth["motion"] == "drive") & (truth["n_fixes"] > 0)]
    merged = pd.merge_asof(
        reports.sort_values("at"), drives.sort_values("entered_at"), left_on="at", right_on="entered_at", by="vehicle"
    )
    on = merged[merged["at"] < merged["left_at"]].reset_index(drop=True)
    assert len(on) > 5_000
    position = on["position"].to_numpy(np.int64)
    line = lines_of(network)[position >> 1]
    line = np.where(position & 1, shapely.reverse(line), line)
    points = shapely.points(to_plane(on["lon"].to_numpy(), on["lat"].to_numpy(), 6675))
    distance = shapely.distance(line, points)
    assert np.median(distance) < 5.0
    assert np.percentile(distance, 85) < 15
    place = shapely.line_locate_point(line, points)
    a, b = (shapely.get_coordinates(shapely.line_interpolate_point(line, place + d)) for d in (-1.0, 1.0))
    p = shapely.get_coordinates(points)
    left = (b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (p[:, 0] - a[:, 0])
    two_way = network.is_open[position ^ 1]
    assert np.median(left[two_way]) > 0.5
    heading = on["heading_deg"].to_numpy()
    course = np.degrees(np.arctan2(b[:, 0] - a[:, 0], b[:, 1] - a[:, 1])) % 360
    off = np.abs((heading - course + 180) % 360 - 180)[on["speed_mps"] > 3]
    assert np.nanmedian(off) < 8


def test_traffic_side_is_a_setting(planned: tuple[Network, list[Duty]]) -> None:
    few = replace(STORM, share=0.01)
    left = simulate(*planned, few, seed=3).fixes
    right = simulate(*planned, replace(few, traffic_side="right"), seed=3).fixes
    assert len(left) == len(right)
    apart = np.hypot((left["lon"] - right["lon"]) * 89_000, (left["lat"] - right["lat"]) * 111_000)
    assert np.median(apart) == pytest.approx(3.2, abs=0.5)


def test_sensors_speak_are_missing_and_now_and_then_stuck(run: SimRun, reports: pd.DataFrame) -> None:
    no_sensor = reports.groupby("vehicle")[["blade", "spreader"]].apply(lambda t: t.isna().all(axis=None))
    assert 0.02 < no_sensor.mean() < 0.3
    assert not (reports["blade"].notna() & reports["spreader"].notna()).any()
    assert reports["blade"].dropna().astype(bool).mean() == pytest.approx(0.5, abs=0.3)
    assert set(reports["treatment"].dropna()) <= {str(t) for t in Treatment}
    wrong = run.truth["is_sensor_wrong"].mean()
    assert 0 < wrong < 0.03
    silent = set(run.truth["vehicle"]) - set(reports["vehicle"])
    assert silent


def test_nothing_is_reported_after_the_end(run: SimRun) -> None:
    end = pd.Timestamp(STORM.ending_at).tz_convert("UTC")
    assert run.fixes["at"].max() <= end
    assert run.fixes["at"].max() > end - pd.Timedelta(minutes=2)
    assert run.fixes["at"].min() >= end - pd.Timedelta(hours=STORM.hours)
    assert run.truth["left_at"].max() <= end
    assert run.fixes["at"].is_monotonic_increasing
    assert str(run.fixes["at"].dt.tz) == "UTC"


def test_errors_hang_together_in_time() -> None:
    at_s = np.arange(0, 60_000, 10.0)
    first = np.zeros(len(at_s), bool)
    first[0] = True
    error, claimed = position_errors(at_s, first, np.random.default_rng(1))
    quiet = (claimed[1:] < 10) & (claimed[:-1] < 10)
    x, y = error[:-1][quiet, 0], error[1:][quiet, 0]
    assert 0.6 < np.corrcoef(x, y)[0, 1] < 0.98
    assert 2.0 < error[claimed < 10].std() < 6.0
    assert error[claimed > 10].std() > 15.0


def test_written_files_come_back(tmp_path: Path, run: SimRun) -> None:
    files = write_run(run, tmp_path / "storm")
    fixes = pd.read_parquet(files.fixes)
    assert len(fixes) == len(run.fixes)
    assert list(fixes.columns) == [
        "vehicle", "at", "lon", "lat", "heading_deg", "speed_mps", "accuracy_m", "blade", "spreader", "treatment",
    ]  # fmt: skip
    assert len(pd.read_parquet(files.truth)) == len(run.truth)


def test_bad_wishes_are_refused(planned: tuple[Network, list[Duty]]) -> None:
    network, duties = planned
    with pytest.raises(InputError, match="time zone"):
        simulate(network, duties, Storm(datetime(2026, 1, 20, 8)), seed=1)  # noqa: DTZ001
    with pytest.raises(InputError, match="duty"):
        simulate(network, [], STORM, seed=1)
    with pytest.raises(InputError, match="hours"):
        simulate(network, duties, replace(STORM, hours=0.0), seed=1)


# --- replay and season


class FakeClock:
    def __init__(self) -> None:
        self.now, self.slept = 100.0, 0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.slept += 1


def batches(fixes: pd.DataFrame, speed: float, clock: FakeClock) -> Iterator[tuple[float, pd.DataFrame]]:
    for batch in stream(fixes, speed, clock=clock, sleep=clock.sleep):
        yield clock.now - 100.0, batch


def test_replay_keeps_pace_and_loses_nothing(run: SimRun) -> None:
    fixes = run.fixes.head(4_000)
    start, clock, got = fixes["at"].iloc[0], FakeClock(), []
    for now_s, batch in batches(fixes.sample(frac=1, random_state=1), 60.0, clock):
        due_s = (batch["at"] - start).dt.total_seconds() / 60.0
        assert due_s.max() <= now_s + 1e-6
        assert due_s.min() > now_s - 3.0
        got.append(batch)
    assert sum(len(b) for b in got) == len(fixes)
    assert pd.concat(got)["at"].is_monotonic_increasing
    assert clock.slept < len(fixes)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_replay_needs_a_pace(run: SimRun, speed: float) -> None:
    with pytest.raises(InputError, match="speed"):
        next(stream(run.fixes, speed))


def test_replay_of_nothing_ends(run: SimRun) -> None:
    assert list(stream(run.fixes.head(0), 10.0)) == []


def test_a_season_of_passes(network: Network) -> None:
    season = simulate_passes(network, 50_000, seed=2)
    assert len(season) == 50_000
    assert list(season.columns) == PASS_COLUMNS
    position = network.position_of(season["edge_id"].to_numpy())
    length_m = network.length_m[position >> 1]
    assert network.is_open[position].all()
    assert ((season["from_m"] >= 0) & (season["from_m"] < season["to_m"]) & (season["to_m"] <= length_m)).all()
    assert (season["started_at"] < season["ended_at"]).all()
    assert season["started_at"].min() >= pd.Timestamp(datetime(2025, 12, 1, tzinfo=UTC))
    assert season["started_at"].is_monotonic_increasing
    assert season["confidence"].between(0, 1).all()
    pd.testing.assert_frame_equal(season, simulate_passes(network, 50_000, seed=2))
