"""Notebook 01 on a town of streets in a grid: one storm, some of its traces late, some amended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from benchmarks.history_town import make_town
from benchmarks.history_world import fill
from geo.db import Database, Role
from geo.errors import NotFoundError
from geo.settings import Settings
from geo.status import STATES
from geo.store.amendments import note
from tests.notebooks.test_notebooks import run_notebook
from yukimichi.review import OFF_PLAN, replay_in
from yukimichi.review_drawn import COLOURS, HATCHES

mpl.use("agg")
STORM = datetime(2025, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Path:
    """The settings file of the town: 1,500 edges, 9,000 passes."""
    fill(database, make_town(1500), [STORM], 9_000)
    with database.connect(Role.ENGINE) as connection:
        rows = connection.execute("SELECT pass_id FROM ops.pass WHERE recorded_at > upper(during) + interval '1 h'")
        late = np.array([row[0] for row in rows.fetchall()])
        note(connection, late, np.zeros(0, np.int64), STORM, timedelta(hours=1))
    file = tmp_path / "config.yml"
    file.write_text(json.dumps({"home": str(tmp_path / "home"), "database": {"url": database.conninfo}}))
    return file


def test_the_notebook_runs_and_shows_the_storm(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUKI_CONFIG", str(config))
    monkeypatch.setenv("YUKI_MOMENTS", "9")
    monkeypatch.delenv("YUKI_EVENT", raising=False)
    world = run_notebook("01_storm_review.ipynb")
    review = world["review"]
    assert len(review.moments) == 9
    assert review.moments[0] == STORM
    assert str(review.moments[0]).endswith("21:00:00+09:00")
    # the sums are those of the states, and of the whole network that is on a plan
    table = review.timeline()
    plan = ~(review.states == OFF_PLAN).all(axis=0) & review.network.is_open
    km = np.repeat(review.network.length_m, 2)[plan].sum() / 1000
    np.testing.assert_allclose(table.groupby("moment")["km"].sum(), km)
    cleared = table[table["state"] == "cleared"].groupby("moment")["km"].sum().to_numpy()
    assert cleared[0] == 0
    assert cleared[6] > 0.5 * km
    np.testing.assert_allclose(review.cleared_now_m / 1000, cleared)
    # late traces were not known then, and the notebook says what they changed
    assert (review.cleared_then_m <= review.cleared_now_m + 1e-6).all()
    assert (world["late"]["added_km"] >= 0).all()
    assert (world["late"]["added_km"] > 0).any()
    changes = review.changes()
    assert changes["cause_ja"].tolist() == ["遅れて届いた測位"]
    assert changes["n_edges"].iloc[0] > 0


def test_chart_and_map_hold_what_the_review_says(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUKI_CONFIG", str(config))
    monkeypatch.setenv("YUKI_MOMENTS", "5")
    monkeypatch.setenv("YUKI_EVENT", "2")
    world = run_notebook("01_storm_review.ipynb")
    review, page = world["review"], world["shown"].get_root().render()
    titles = [axes.get_title(loc="left") for axes in world["drawing"].axes]
    assert len(titles) == 4
    assert any("national" in title for title in titles)
    data = json.JSONDecoder().raw_decode(page[page.index("const storm = ") + len("const storm = ") :])[0]
    pieces = review.pieces()
    assert len(data["times"]) == 5
    assert len(data["lines"]) == len(data["codes"]) == int((pieces != OFF_PLAN).any(axis=0).sum())
    assert len(data["lines"]) + len(data["ground"]) == len(review.network.piece_id)
    counts = np.bincount([int(code) for row in data["codes"] for code in row], minlength=5)
    shown = pieces[:, (pieces != OFF_PLAN).any(axis=0)]
    assert counts.tolist() == np.bincount(shown.ravel(), minlength=5).tolist()
    km = review.timeline().groupby(["moment", "state"], sort=False)["km"].sum()
    assert data["km"][3][0] == pytest.approx(km[(review.moments[3], "cleared")], abs=0.06)
    assert "合成データ" in page
    assert "openstreetmap" not in page.lower()


def test_the_direction_that_is_farther_from_cleared_decides_the_colour_of_a_road(config: Path) -> None:
    settings = Settings(home=config.parent / "home")
    database = Database(json.loads(config.read_text())["database"]["url"])
    review = replay_in(database, settings, make_town(1500).network, None, 4)
    rank = [STATES.index(word) for word in ("uncleared", "unknown", "clearing", "cleared")]
    for row, pieces in zip(review.states, review.pieces(), strict=True):
        for piece in range(0, len(pieces), 7):
            both = [int(code) for code in row[2 * piece : 2 * piece + 2] if code != OFF_PLAN]
            expected = min(both, key=rank.index) if both else OFF_PLAN
            assert pieces[piece] == expected


def test_without_any_storm_it_says_what_to_do(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no storm"):
        replay_in(database, Settings(home=tmp_path), make_town(100).network, None, 4)


def test_every_state_has_a_colour_and_no_two_look_alike() -> None:
    assert len(COLOURS) == len(HATCHES) == len(STATES) == len(set(COLOURS))
