"""A storm over an ingested network: simulated, sent in parts, played by the clock, and gone on with after a stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.db import Database, Role
from geo.errors import ConflictError, NotFoundError
from geo.settings import Settings, SourceSettings
from ingest.roads import ingest_roads
from yukimichi.context import Context
from yukimichi.pipeline import World, current_network, refresh
from yukimichi.player import play, send_until
from yukimichi.storm import StormState, Wish, folder_of, make_storm, read_fixes, read_state

SOURCE = SourceSettings(synthetic=True)
BEGIN = datetime(2026, 1, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    """Nine blocks of streets, 300 m each, in a database."""
    step = 300 / 111_000
    at = [(136.65 + i * step, 36.56 + j * step) for i in range(4) for j in range(4)]
    lines = [
        shapely.LineString([a, b]) for a in at for b in at if a < b and abs(a[0] - b[0]) + abs(a[1] - b[1]) < 1.1 * step
    ]
    file = tmp_path / "roads.geojson"
    gpd.GeoDataFrame({"road_id": [str(i) for i in range(len(lines))]}, geometry=lines, crs=4326).to_file(file)
    ingest_roads(database, [file], "streets", SourceSettings())
    return Context(Settings(home=tmp_path / ".yuki"), database)


@pytest.fixture
def storm(context: Context) -> StormState:
    network = current_network(context.database, context.settings)
    return make_storm(context, network, "sim", Wish(BEGIN, BEGIN + timedelta(hours=2), seed=3, n_vehicles=3))


class Clock:
    """A clock that moves on only while somebody sleeps."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds * 60)


def _newest_and_count(context: Context) -> tuple[datetime | None, int]:
    with context.database.connect(Role.ENGINE) as connection:
        row = connection.execute("SELECT max(at), count(*) FROM raw.fix").fetchone()
    assert row is not None
    return row[0], row[1]


def test_sending_in_parts_is_sending_at_once(context: Context, storm: StormState) -> None:
    table = read_fixes(context.settings)
    middle = BEGIN + timedelta(hours=1)
    send_until(context, SOURCE, middle)
    newest, _ = _newest_and_count(context)
    assert newest is not None
    assert newest < middle
    send_until(context, SOURCE, BEGIN + timedelta(hours=3))
    assert _newest_and_count(context)[1] == len(table.drop_duplicates(["vehicle", "at"]))


def test_no_fix_is_sent_before_its_time_and_all_are_in_the_end(context: Context, storm: StormState) -> None:
    clock = Clock(BEGIN + timedelta(minutes=40))
    late: list[datetime] = []

    def sleep(seconds: float) -> None:
        newest, _ = _newest_and_count(context)
        if newest is not None and newest > clock.at:
            late.append(newest)
        clock.sleep(seconds)

    play(context, SOURCE, 30, clock=clock, sleep=sleep)
    assert late == []
    n_fixes = len(read_fixes(context.settings).drop_duplicates(["vehicle", "at"]))
    assert _newest_and_count(context)[1] == n_fixes
    state = read_state(context.settings)
    assert state is not None
    assert state.is_over


def test_playing_goes_on_where_it_stopped(context: Context, storm: StormState) -> None:
    clock = Clock(BEGIN + timedelta(minutes=30))
    naps = 0

    def stop_after_five(seconds: float) -> None:
        nonlocal naps
        naps += 1
        if naps > 5:
            raise KeyboardInterrupt
        clock.sleep(seconds)

    with pytest.raises(KeyboardInterrupt):
        play(context, SOURCE, 5, clock=clock, sleep=stop_after_five)
    before = read_state(context.settings)
    assert before is not None
    assert BEGIN < before.sent_until < BEGIN + timedelta(hours=2)
    later = Clock(BEGIN + timedelta(hours=9))
    play(context, SOURCE, 1000, clock=later, sleep=later.sleep)
    assert _newest_and_count(context)[1] == len(read_fixes(context.settings).drop_duplicates(["vehicle", "at"]))


def test_two_players_do_not_play_one_storm(context: Context, storm: StormState) -> None:
    clock = Clock(BEGIN)

    def second(seconds: float) -> None:
        play(context, SOURCE, 1, clock=clock, sleep=clock.sleep)

    with pytest.raises(ConflictError, match="plays this storm already"):
        play(context, SOURCE, 1, clock=clock, sleep=second)


def test_next_storm_begins_after_the_last_fix_and_takes_over(context: Context, storm: StormState) -> None:
    send_until(context, SOURCE, BEGIN + timedelta(hours=3))
    newest, _ = _newest_and_count(context)
    assert newest is not None
    network = current_network(context.database, context.settings)
    after = make_storm(context, network, "sim", Wish(BEGIN, BEGIN + timedelta(hours=4), seed=4, n_vehicles=3))
    assert datetime.fromisoformat(after.begins_at) > newest
    with context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute("SELECT event_id FROM ops.event WHERE is_synthetic AND closed_at IS NULL").fetchall()
    assert rows == [(after.event_id,)]


def test_truth_lies_beside_the_fixes_and_the_map_follows_it(context: Context, storm: StormState) -> None:
    send_until(context, SOURCE, BEGIN + timedelta(hours=3))
    done = refresh(context.database, context.settings, b"secret", BEGIN + timedelta(hours=2), World(), quiet=True)
    truth = pd.read_parquet(folder_of(context.settings) / "truth.parquet")
    with context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute(
            "SELECT edge_id FROM ops.edge_status WHERE state = 'cleared' AND superseded_at IS NULL"
        ).fetchall()
    cleared = {row[0] for row in rows}
    assert done.status.n_edges["cleared"] == len(cleared) > 5
    assert len(cleared - set(truth.loc[truth["worked"], "edge_id"])) <= 0.05 * len(cleared)


def test_no_storm_yet_says_what_to_do(context: Context) -> None:
    with pytest.raises(NotFoundError, match="No storm"):
        send_until(context, SOURCE, BEGIN)
