"""The past of an event from its facts, published: the same as the engine tells of each moment."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

from geo.db import Database, Role, read_sql
from geo.errors import ConflictError, NotFoundError
from geo.status import NEVER, REASONS, STATES
from geo.store.events import close_event, open_event
from geo.store.history import status_at
from geo.timeline import to_us
from geo.vocabulary import EventKind
from layers.past_spans import STATE, SpanBuilder
from layers.publish_past import forget_past, grid
from tests.yukimichi.archive_town import NOW, Town, at
from yukimichi.__main__ import app
from yukimichi.history_publish import PastKeeper, due_events, publish_event

STEP = timedelta(minutes=5)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path / "home")


def past_at(town: Town, moment: datetime) -> dict[int, dict[str, Any]]:
    params = {"as_of": moment, "state_ja": "{}"}
    with (
        town.database.connect(Role.READER) as connection,
        connection.cursor(row_factory=psycopg.rows.dict_row) as cursor,
    ):
        rows = cursor.execute(read_sql("layers", "collections/road_status_past"), params).fetchall()
    return {row["edge_id"]: row for row in rows}


def same_as_the_engine(town: Town, moment: datetime) -> None:
    """What is published of a moment of the grid is what status_at tells of it."""
    network = town.network()
    with town.database.connect(Role.ENGINE) as connection:
        found = status_at(connection, network, town.settings, moment)
    told = past_at(town, moment)
    for place, edge_id in enumerate(network.edge_id.tolist()):
        s, row = found.status, told[edge_id]
        assert (row["state"], row["reason"]) == (STATES[s.state[place]], REASONS[s.reason[place]]), (moment, edge_id)
        for name, us in (
            ("cleared_at", s.cleared_us),
            ("valid_until", s.valid_until_us),
            ("observed_at", s.observed_us),
        ):
            assert (row[name] is None) == (us[place] == NEVER)
            assert row[name] is None or to_us(row[name]) == us[place]
        assert row["covered_fraction"] == pytest.approx(s.covered_fraction[place], abs=1e-6)
        assert (row["event_id"], row["is_corrected"]) == (found.event.event_id, s.is_corrected[place])


def test_a_storm_that_was_never_live_and_late_data(town: Town, tmp_path: Path) -> None:
    """Publish, compare with the engine, upload late, let the keeper look, forget: one storm through its whole life."""
    storm = open_event(town.database, EventKind.STORM, "大雪", at(0, 2))
    town.drive("one", at(0, 3), 25)
    town.refresh()
    network = town.network()
    keeper = PastKeeper(town.database, town.settings, town.network)
    with pytest.raises(ConflictError, match="standing watch"):
        publish_event(town.database, network, town.settings, 1)
    with pytest.raises(NotFoundError):
        publish_event(town.database, network, town.settings, 99)
    close_event(town.database, storm.event_id, at(0, 8))
    town.refresh()  # the standing watch is published from now on
    assert due_events(town.database, network, town.settings, every=True) == []  # older than past.days by the clock
    report = publish_event(town.database, network, town.settings, storm.event_id)
    assert (report.from_at, report.to_at, report.n_moments) == (at(0, 2), at(0, 8), 72)
    rng = random.Random(1)
    for k in [0, 12, 13, 14, 71, *rng.sample(range(72), 4)]:
        same_as_the_engine(town, at(0, 2) + k * STEP)
    assert past_at(town, at(0, 1, 59)) == past_at(town, at(0, 8)) == {}

    town.drive("two", at(0, 4), 41)
    town.refresh()
    moment = at(0, 6)
    assert {row["state"] for row in past_at(town, moment).values()} == {"unknown"}
    later = town.settings.model_copy(update={"past": town.settings.past.model_copy(update={"days": 36_500})})
    keeper = PastKeeper(town.database, later, town.network)
    (done,) = keeper.look()
    assert (done.event_id, done.from_at >= at(0, 4), done.to_at) == (storm.event_id, True, at(0, 8))
    for k in (0, 13, 25, 26, 48, 71):
        same_as_the_engine(town, at(0, 2) + k * STEP)
    assert "cleared" in {row["state"] for row in past_at(town, moment).values()}
    assert keeper.look() == []
    spans = town.rows(
        "SELECT from_at, to_at, is_closed, known_at IS NULL FROM pub.past_span "
        "WHERE event_kind <> 'standing' ORDER BY 1",
        Role.READER,
    )
    assert [span[2:] for span in spans] == [(True, False)] * len(spans)
    assert (spans[0][0], spans[-1][1]) == (at(0, 2), at(0, 8))

    config = tmp_path / "config.yml"
    settings = {"home": str(town.home), "database": {"url": town.database.conninfo}, "past": {"step_min": 10}}
    config.write_text(json.dumps(settings))
    result = CliRunner().invoke(app, ["history", "publish", str(storm.event_id), "--json", "--config", str(config)])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["events"]
    assert (row["n_moments"], row["from_at"]) == (36, "2026-01-10T11:00:00+09:00")

    with town.database.connect(Role.PUBLISH) as connection:
        n_spans, n_states = forget_past(connection, at(0, 9))
    assert (n_spans, n_states > 0) == (1, True)
    assert past_at(town, moment) == {}


def test_an_event_in_another_splits_what_is_told_of_it(town: Town) -> None:
    storm = open_event(town.database, EventKind.STORM, "大雪", at(0, 2))
    town.drive("one", at(0, 3), 41)
    callout = open_event(town.database, EventKind.CALLOUT, "出動", at(0, 4))
    town.drive("two", at(0, 4, 30), 41)
    for event, end in ((callout, at(0, 5)), (storm, at(0, 7))):
        close_event(town.database, event.event_id, end)
    town.refresh()
    network = town.network()
    publish_event(town.database, network, town.settings, storm.event_id)
    publish_event(town.database, network, town.settings, callout.event_id)
    for hour, minute in ((3, 30), (4, 0), (4, 10), (4, 55), (5, 0), (6, 30)):
        same_as_the_engine(town, at(0, hour, minute))
    spans = town.rows(
        "SELECT event_id, from_at, to_at FROM pub.past_span WHERE event_kind <> 'standing' ORDER BY from_at",
        Role.READER,
    )
    assert spans == [
        (storm.event_id, at(0, 2), at(0, 4)),
        (callout.event_id, at(0, 4), at(0, 5)),
        (storm.event_id, at(0, 5), at(0, 7)),
    ]


def test_an_open_event_is_told_up_to_now_and_goes_on_live(town: Town) -> None:
    """What was published of it by then gives way; what is published is carried on, and ended by the next change."""
    begin = NOW - timedelta(hours=1)
    storm = open_event(town.database, EventKind.STORM, "大雪", begin)
    town.drive("one", begin + timedelta(minutes=8), 41)
    town.refresh()  # published for the first time, at NOW
    network = town.network()
    with town.database.connect(Role.PUBLISH) as connection:  # as if it had been live since half an hour
        early = NOW - timedelta(minutes=32)
        connection.execute("UPDATE pub.past_span SET from_at = %s", (early,))
        connection.execute("UPDATE pub.status_past SET from_at = %s", (early,))
        connection.execute("UPDATE pub.dataset SET as_of = %s", (NOW - timedelta(minutes=7),))
    report = publish_event(town.database, network, town.settings, storm.event_id)
    assert (report.from_at, report.to_at) == (begin, NOW - timedelta(minutes=7))
    for minutes in (60, 50, 45, 30, 10):
        same_as_the_engine(town, NOW - timedelta(minutes=minutes))
    spans = town.rows("SELECT from_at, to_at, known_at IS NULL FROM pub.past_span ORDER BY 1", Role.READER)
    assert spans == [(begin, report.to_at, False), (report.to_at, None, True)]
    n_open = "SELECT count(*), min(from_at), max(from_at) FROM pub.status_past WHERE to_at IS NULL"
    assert town.rows(n_open, Role.READER) == [(1, report.to_at, report.to_at)]
    town.drive("two", NOW - timedelta(minutes=30), 41, heading_deg=np.full(41, 90.0))
    town.refresh()
    assert town.rows(n_open, Role.READER) == [(1, NOW, NOW)]


@pytest.mark.parametrize("seed", range(3))
def test_spans_are_those_of_a_list_of_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    moments = np.cumsum(rng.integers(1, 9, 30)).tolist()
    frames = np.zeros((30, 12), STATE)
    frames["state"] = rng.integers(0, 2, frames.shape) + STATES.index("uncleared")
    frames["reason"] = np.where(frames["state"] == STATES.index("unknown"), REASONS.index("not_on_plan"), 0)
    frames["observed_us"], frames["restriction"] = NEVER, -1
    builder = SpanBuilder("not_on_plan")
    for moment, rows in zip(moments, frames, strict=True):
        builder.take(moment, rows)
    spans, end = builder.finish(moments[-1] + 5), moments[-1] + 5
    for i, moment in enumerate(moments):
        holds = (spans.from_us <= moment) & (moment < spans.to_us)
        told = dict(zip(spans.place[holds].tolist(), spans.state["state"][holds].tolist(), strict=True))
        expected = {p: int(s) for p, s in enumerate(frames[i]["state"]) if s != STATES.index("unknown")}
        assert told == expected
    assert spans.to_us.max() <= end
    assert (spans.from_us < spans.to_us).all()
    pairs = sorted(zip(spans.place.tolist(), spans.from_us.tolist(), spans.to_us.tolist(), strict=True))
    assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(pairs))  # no two that say the same


def test_the_grid_has_whole_steps_and_turns() -> None:
    begin = at(0, 2, 3)
    turns = [at(0, 2, 7), at(0, 2, 10)]
    assert grid(begin, at(0, 2, 20), STEP, turns) == [
        begin, at(0, 2, 5), at(0, 2, 7), at(0, 2, 10), at(0, 2, 15),
    ]  # fmt: skip
