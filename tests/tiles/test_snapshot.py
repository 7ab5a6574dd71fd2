"""The snapshot: its columns, what is left out, expiry, tags; a naive reading of it against the OGC collection."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.vocabulary import Reason
from layers.publish import publish
from tiles.rows import StatusRow, columns
from tiles.service import Service
from tiles.snapshot import SNAPSHOT_S
from tiles.states import CHARS, REASONS, round_times

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
STATES = {char: state for state, char in CHARS.items()}


def unpacked(snapshot: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """edge_id -> state, reason and moments, read the plainest way."""
    edges, piece_id = {}, 0
    for i in range(snapshot["n"]):
        piece_id += snapshot["piece_id"][i]
        for side, name in enumerate(("forward", "backward")):
            column = snapshot[name]
            if column["state"][i] == "-":
                continue
            seconds = {key: column[key][i] for key in ("cleared_s", "valid_s", "observed_s")}
            edges[2 * piece_id + side] = {
                "state": STATES[column["state"][i]],
                "reason": snapshot["reasons"][column["reason"][i]],
                "covered": column["covered"][i],
                **{key: None if value == -1 else snapshot["base_at"] + value for key, value in seconds.items()},
            }
    return edges


def test_snapshot_says_the_same_as_the_collection(client: httpx.Client) -> None:
    snapshot = client.get("/status/snapshot").json()
    edges = unpacked(snapshot)
    features = client.get("/ogc/collections/road_status/items").json()["features"]
    for feature in features:
        told = feature["properties"]
        edge = edges.get(feature["id"])
        if edge is None:  # left out: unknown by the default reason
            assert (told["state"], told["reason"]) == ("unknown", snapshot["default_reason"])
            continue
        assert (edge["state"], edge["reason"]) == (told["state"], told["reason"])
        moments = [told[name] for name in ("cleared_at", "valid_until", "observed_at")]
        exact = [None if at is None else int(datetime.fromisoformat(at).timestamp()) for at in moments]
        assert (edge["cleared_s"], edge["valid_s"], edge["observed_s"]) == round_times(*exact)
    assert sorted(edges) == [4, 5, 6, 7]


def test_snapshot_is_exactly_as_documented(client: httpx.Client) -> None:
    snapshot = client.get("/status/snapshot").json()
    assert set(snapshot) == {
        "network_version", "roads_version", "status_version", "event", "as_of", "stream_id",
        "synthetic", "n", "base_at", "piece_id",
        "reasons", "default_reason", "forward", "backward",
    }  # fmt: skip
    assert snapshot["event"] == {
        "event_id": 2, "kind": "storm", "name": "一月の大雪", "reference_at": "2026-01-14T18:00:00Z",
    }  # fmt: skip
    assert (snapshot["n"], snapshot["piece_id"]) == (2, [2, 1])
    assert (snapshot["as_of"], snapshot["synthetic"]) == ("2026-01-14T22:00:00Z", True)
    assert snapshot["forward"]["state"] == "cc"
    assert snapshot["backward"]["state"] == "u?"
    assert snapshot["backward"]["covered"] == [0, 20]


def test_what_had_run_out_when_it_was_made_is_unknown(client: httpx.Client, clock: Any) -> None:
    clock.at = AS_OF + timedelta(hours=1)
    assert unpacked(client.get("/status/snapshot").json())[6] | {"covered": 0} == {
        "state": "unknown", "reason": "expired", "covered": 0, "cleared_s": 1768417200, "valid_s": 1768429800,
        "observed_s": 1768417200,  # 19:10, told as 19:00
    }  # fmt: skip


def test_tag_changes_with_states_and_not_with_time(client: httpx.Client, town: Database, clock: Any) -> None:
    first = client.get("/status/snapshot")
    assert first.headers["cache-control"] == "public, max-age=1, stale-while-revalidate=1, stale-if-error=86400"
    assert first.headers["last-modified"] == "Wed, 14 Jan 2026 22:00:00 GMT"
    with town.connect(Role.ENGINE) as connection:  # assessed again, nothing changed
        connection.execute(
            "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) "
            "VALUES (2, '2026-01-14T22:05Z', 0, 1)"
        )
    publish(town, AS_OF + timedelta(minutes=5), b"x")
    clock.at += timedelta(seconds=SNAPSHOT_S)
    _wait_for(client, lambda answer: answer.headers["last-modified"] == "Wed, 14 Jan 2026 22:05:00 GMT")
    again = client.get("/status/snapshot", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["last-modified"] == "Wed, 14 Jan 2026 22:05:00 GMT"
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = 4")
    publish(town, AS_OF + timedelta(minutes=6), b"x")
    clock.at += timedelta(seconds=SNAPSHOT_S)
    _wait_for(client, lambda answer: answer.json()["status_version"] == 2)
    changed = client.get("/status/snapshot", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert unpacked(changed.json())[4]["reason"] == "not_on_plan"


def test_a_young_snapshot_is_served_however_often_states_change(
    client: httpx.Client, town: Database, service: Service, clock: Any
) -> None:
    first = client.get("/status/snapshot")
    for n, edge_id in enumerate((4, 6), start=2):
        with town.connect(Role.ENGINE) as connection:
            connection.execute("UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = %s", (edge_id,))
        publish(town, AS_OF, b"x")
        _wait_for(client, lambda _, n=n: service.dataset.status_version == n)
        clock.at += timedelta(seconds=SNAPSHOT_S / 2 - 0.1)
        assert client.get("/status/snapshot").content == first.content
    clock.at += timedelta(seconds=0.2)
    assert client.get("/status/snapshot").json()["status_version"] == 3
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.event (kind, name, reference_at, is_synthetic) VALUES ('storm', '次', %s, true)", (AS_OF,)
        )
        connection.execute(
            "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) "
            "SELECT max(event_id), %s, 0, 1 FROM ops.event",
            (AS_OF + timedelta(minutes=1),),
        )
    publish(town, AS_OF + timedelta(minutes=1), b"x")
    # of another event: young as it is, it is not served any more
    _wait_for(client, lambda answer: answer.json()["event"]["name"] == "次")


def _wait_for(client: httpx.Client, is_there: Any) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=3)
    while not is_there(client.get("/status/snapshot")):
        assert datetime.now(UTC) < deadline


def test_without_gzip_the_same_bytes_come_plain(client: httpx.Client) -> None:
    packed = client.get("/status/snapshot", headers={"accept-encoding": "gzip"})
    plain = client.get("/status/snapshot", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert client.get("/status/snapshot?at=2026-01-01").status_code == 400


def test_columns_come_back_whatever_is_in_them() -> None:
    rng = random.Random(7)
    expected: dict[int, dict[str, Any]] = {}
    rows: list[StatusRow] = []
    for piece_id in sorted(rng.sample(range(1, 2**40), 300)):
        for side in rng.choice([(0,), (1,), (0, 1)]):
            state, reason = rng.choice(list(CHARS)), rng.choice(list(Reason)).value
            times = [rng.choice([None, 1_700_000_000 + rng.randrange(90_000)]) for _ in range(3)]
            if state in ("cleared", "clearing"):
                times[1] = 1_800_000_000
            covered = rng.randrange(101)
            rows.append((piece_id, bool(side), state, reason, times[0], times[1], times[2], covered))
            expected[2 * piece_id + side] = {
                "state": state, "reason": reason, "covered": covered, "cleared_s": times[0], "valid_s": times[1],
                "observed_s": times[2],
            }  # fmt: skip
    assert unpacked(columns(rows, 1_750_000_000)) == expected
    assert columns([], 5)["n"] == 0


@pytest.mark.parametrize("state", ["cleared", "clearing"])
def test_nothing_is_good_past_its_time(state: str) -> None:
    """Work under way runs out as finished work does: a worker that has died leaves no 除雪中 standing."""
    row = (7, False, state, "none", None, 1_000, 900, 60)
    assert columns([row], 999)["forward"]["state"] == CHARS[state]
    late = columns([row], 1_000)["forward"]
    assert (late["state"], REASONS[late["reason"][0]]) == (CHARS["unknown"], "expired")


def test_work_under_way_runs_out_in_the_collection(town: Database, client: httpx.Client, clock: Any) -> None:
    with town.connect(Role.PUBLISH) as connection:
        connection.execute(
            "UPDATE pub.edge_status SET state = 'clearing', valid_until = %s WHERE edge_id = 4",
            (AS_OF + timedelta(minutes=1),),
        )
    assert client.get("/ogc/collections/road_status/items/4").json()["properties"]["state"] == "clearing"
    clock.at = AS_OF + timedelta(minutes=1)
    after = client.get("/ogc/collections/road_status/items/4").json()["properties"]
    assert (after["state"], after["reason"]) == ("unknown", "expired")
