"""kill -9 of web process, worker, PostgreSQL and its connections during a replay: nothing is lost, nothing differs."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.drill_compare import differences
from benchmarks.drill_crash import KINDS, Wish, drill
from geo.db import Database, Role
from tests.yukimichi.archive_town import Town
from yukimichi.cluster import Cluster


@pytest.mark.drill
def test_killed_at_random_moments_all_ends_in_the_facts_of_an_uninterrupted_run() -> None:
    outcome = drill(Wish(seed=1, seconds=30.0, kills=2, vehicles=24), Path(tempfile.mkdtemp(prefix="yuki-drill-")))
    assert outcome.problems == []
    assert outcome.kills == dict.fromkeys(KINDS, 2)
    assert all(outcome.at_work[kind] >= 1 for kind in KINDS), outcome.at_work
    assert sum(outcome.refused.values()) > 0
    assert outcome.n_fixes == 8000
    assert outcome.n_facts > 1000


CHANGES = {
    "fixes": "UPDATE raw.fix SET lon = lon + 1e-12 WHERE at = (SELECT max(at) FROM raw.fix)",
    "traces": "UPDATE ops.trace SET superseded_at = now()",
    "facts": "UPDATE ops.pass SET confidence = confidence - 0.0001 WHERE seq = 1",
    "provisional facts": "UPDATE ops.pass SET is_provisional = true WHERE seq = 0",
    "facts without their trace": "UPDATE ops.pass SET trace_id = -trace_id WHERE seq = 0",
    "last positions": "UPDATE ops.vehicle_state SET is_working = NOT is_working",
    "states": "UPDATE ops.edge_status SET observed_at = observed_at + interval '1 us'",
    "coverage": "UPDATE ops.coverage SET covered_fraction = covered_fraction / 2",
}


@pytest.fixture
def pair(cluster: Cluster, database: Database, tmp_path: Path) -> tuple[Database, Database]:
    """A matched street twice."""
    town = Town(database, tmp_path / "home")
    town.drive("one", datetime(2026, 1, 10, 3, tzinfo=UTC))
    town.drive("one", datetime(2026, 1, 10, 6, tzinfo=UTC), blade=[1] * 10 + [0] * 11)
    town.refresh()
    name = "twin_of_a_street"
    cluster.drop_database(name)
    with database.connect(Role.OWNER) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    cluster.create_database(name, str(row and row[0]))
    return database, cluster.database(name)


def test_the_comparison_sees_each_kind_of_difference(pair: tuple[Database, Database]) -> None:
    drilled, ordered = pair
    same, n_facts = differences(drilled, ordered, 42)
    assert (same, n_facts > 2) == ([], True)
    assert differences(drilled, ordered, 41)[0] == ["41 fixes were sent, 42 are in the ordered upload"]
    for name, change in CHANGES.items():
        with drilled.connect(Role.OWNER) as connection:
            assert connection.execute(change).rowcount > 0  # type: ignore[call-overload]
            connection.commit()
        found = differences(drilled, ordered, 42)[0]
        assert any(name in one for one in found), (name, found)
