"""Changes since a version: what is told and what is not, when the whole is to be fetched, and that they add up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from layers.publish import publish
from layers.publish_live import Changes, publish_changes
from tests.tiles.conftest import AS_OF, Clock
from tests.tiles.test_snapshot import unpacked
from tiles import changes
from tiles.service import Service
from tiles.snapshot import SNAPSHOT_S

type Edges = dict[int, dict[str, Any]]
#: Edges of the town that traffic may use.
EDGES = (2, 4, 5, 6, 7, 9)
DAY = timedelta(days=1)


def assess(
    town: Database, edge_id: int, state: str | None, reason: str = "none", valid_until: datetime = AS_OF
) -> None:
    """Another state of an edge as the engine writes it; None: no row, so that it is unknown by default."""
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = %s AND superseded_at IS NULL", (edge_id,)
        )
        if state is None:
            return
        is_good = state in ("cleared", "clearing")
        times = (AS_OF if state == "cleared" else None, valid_until if is_good else None, AS_OF if is_good else None)
        connection.execute(
            "INSERT INTO ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, "
            "covered_fraction, work_basis, confidence, network_version, is_synthetic) "
            "VALUES (2, %s, %s, %s, %s, %s, %s, 0.5, 'sensed', 0.9, 1, true)",
            (edge_id, state, reason, *times),
        )


def publish_edges(town: Database, *edge_ids: int) -> int:
    """Publish some edges as the worker does; the status version then."""
    with town.connect(Role.PUBLISH) as connection:
        return publish_changes(connection, Changes(edge_ids), AS_OF)


@pytest.fixture
def ask(client: httpx.Client, service: Service) -> Callable[..., dict[str, Any]]:
    """Asks for changes, once the server has noticed a version."""

    def asked(since: int, version: int = 0, **more: int) -> dict[str, Any]:
        deadline = time.monotonic() + 10
        while service.dataset.status_version < version:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = client.get("/status/changes", params={"since": since, **more})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    return asked


def test_what_changed_is_there_and_nothing_else(town: Database, ask: Callable[..., dict[str, Any]]) -> None:
    assess(town, 5, "cleared", valid_until=AS_OF + DAY)
    version = publish_edges(town, 4, 5, 6, 7)
    told = ask(1, version)
    assert version == 2
    assert set(told) == {
        "as_of", "network_version", "roads_version", "status_version", "stream_id",
        "event", "synthetic", "default_reason", "reload",
        "n", "base_at", "piece_id", "reasons", "forward", "backward", "gone",
    }  # fmt: skip
    assert (told["status_version"], told["reload"], told["synthetic"]) == (2, False, True)
    edges = unpacked(told)
    assert sorted(edges) == [4, 5]  # the piece is told whole; piece 3 has not changed
    assert (edges[4]["state"], edges[5]["state"]) == ("cleared", "cleared")
    assert edges[5]["valid_s"] == (AS_OF + DAY).timestamp()
    assert told["gone"] == []


def test_a_piece_that_the_snapshot_lists_no_more_is_gone(town: Database, ask: Callable[..., dict[str, Any]]) -> None:
    for edge_id in (4, 5, 6, 7):
        assess(town, edge_id, None)
    told = ask(1, publish_edges(town, 4, 5, 6, 7))
    assert (told["n"], told["gone"]) == (0, [2, 1])


def test_of_a_one_way_road_the_other_direction_is_closed(town: Database, ask: Callable[..., dict[str, Any]]) -> None:
    assess(town, 9, "uncleared")
    told = ask(1, publish_edges(town, 9))
    assert (told["piece_id"], told["forward"]["state"], told["backward"]["state"]) == ([4], "-", "u")


def test_since_now_there_is_nothing(ask: Callable[..., dict[str, Any]]) -> None:
    told = ask(1, network_version=1)
    assert (told["reload"], told["n"], told["gone"], told["status_version"]) == (False, 0, [], 1)


def test_a_version_that_a_snapshot_told_before_the_watch_is_known(
    town: Database, client: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def see_nothing() -> None:
        pass

    monkeypatch.setattr(service, "look", see_nothing)
    assess(town, 5, "cleared", valid_until=AS_OF + DAY)
    version = publish_edges(town, 5)
    told = client.get("/status/changes", params={"since": version}).json()
    assert (told["reload"], told["n"], told["status_version"]) == (False, 0, version)
    assert service.dataset.status_version == 1


@pytest.mark.parametrize("asked", [{"since": 9}, {"since": 0}, {"since": 1, "network_version": 2}])
def test_a_version_of_something_else_means_the_whole(ask: Callable[..., dict[str, Any]], asked: dict[str, int]) -> None:
    """One that is not reached yet, one of before this server's time, one of another network."""
    told = ask(**asked)
    assert told["reload"] is True
    assert "forward" not in told
    assert told["status_version"] == 1


def test_another_event_means_the_whole(town: Database, ask: Callable[..., dict[str, Any]]) -> None:
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
    told = ask(1, 2)
    assert (told["reload"], told["event"]["name"]) == (True, "次")
    assert ask(2)["reload"] is False


def test_too_many_changes_mean_the_whole(
    town: Database, ask: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for edge_id in (4, 5, 6):
        assess(town, edge_id, "uncleared")
    version = publish_edges(town, 4, 6)
    monkeypatch.setattr(changes, "MOST_EDGES", 2)
    assert ask(1, version)["reload"] is False
    assess(town, 9, "uncleared")
    version = publish_edges(town, 9)
    assert ask(1, version)["reload"] is True
    assert ask(2)["reload"] is False


def test_headers_tags_and_bad_parameters(town: Database, client: httpx.Client, service: Service) -> None:
    first = client.get("/status/changes?since=1", headers={"accept-encoding": "gzip"})
    assert first.headers["cache-control"] == "public, max-age=1"
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["last-modified"] == "Wed, 14 Jan 2026 22:00:00 GMT"
    plain = client.get("/status/changes?since=1", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == first.json()
    tag = first.headers["etag"]
    with town.connect(Role.PUBLISH) as connection:  # assessed again, nothing changed
        publish_changes(connection, Changes(), AS_OF + timedelta(minutes=5))
    deadline = time.monotonic() + 10
    while service.dataset.as_of == AS_OF:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    again = client.get("/status/changes?since=1", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["last-modified"] == "Wed, 14 Jan 2026 22:05:00 GMT"
    assert client.get("/status/changes?since=0", headers={"if-none-match": tag}).status_code == 200
    for query in ("", "?since=", "?since=-1", "?since=x", "?since=1&since=1", "?since=1&network_version=a",
                  "?since=1&at=2026", f"?since={10**30}"):  # fmt: skip
        answer = client.get(f"/status/changes{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), query


def test_all_who_hold_a_version_share_one_answer(
    town: Database, ask: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    serialise = changes.serialise

    def counted(*arguments: Any) -> bytes:
        made.append(arguments[1])
        return serialise(*arguments)

    monkeypatch.setattr(changes, "serialise", counted)
    assess(town, 5, "cleared", valid_until=AS_OF + DAY)
    version = publish_edges(town, 5)
    told = [ask(since, version) for since in (1, 2, 1, 1, 2)]
    assert made == [1, 2]
    assert told[0] == told[2] == told[3]


def test_it_is_documented(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/status/changes"]["get"]
    assert [(p["name"], p["required"]) for p in operation["parameters"]] == [
        ("since", True), ("network_version", False),
    ]  # fmt: skip


def applied(edges: Edges, told: dict[str, Any]) -> Edges:
    """What a client holds after it took an answer, the plainest way."""
    new = unpacked(told)
    replaced = {edge_id >> 1 for edge_id in new} | set(accumulate(told["gone"]))
    return {edge_id: edge for edge_id, edge in edges.items() if edge_id >> 1 not in replaced} | new


def shown(edges: Edges, moment: datetime) -> Edges:
    """The same with what has run out by a moment unknown, as every client must show it."""
    out = {}
    for edge_id, edge in edges.items():
        has_run_out = edge["state"] in ("cleared", "clearing") and edge["valid_s"] <= moment.timestamp()
        out[edge_id] = edge | ({"state": "unknown", "reason": "expired"} if has_run_out else {})
    return out


@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_and_what_changed_since_are_the_later_snapshot(
    town: Database, client: httpx.Client, clock: Clock, ask: Callable[..., dict[str, Any]], seed: int
) -> None:
    rng = random.Random(seed)
    first = client.get("/status/snapshot").json()
    held = {first["status_version"]: unpacked(first)}
    version = first["status_version"]
    for step in range(12):
        touched = rng.sample(EDGES, rng.randrange(1, 4))
        for edge_id in touched:
            state = rng.choice([None, "cleared", "clearing", "uncleared", "unknown"])
            reason = rng.choice(["silent", "not_on_plan"]) if state == "unknown" else "none"
            assess(town, edge_id, state, reason, AS_OF + timedelta(seconds=rng.choice([20, 40, 90_000])))
        version = publish(town, AS_OF, b"x").status_version if step % 4 == 3 else publish_edges(town, *touched)
        since = rng.choice(list(held))  # a client may have left some versions out
        told = ask(since, version)
        assert (told["reload"], told["status_version"]) == (False, version)
        clock.at += timedelta(seconds=SNAPSHOT_S)
        whole = client.get("/status/snapshot").json()
        assert whole["status_version"] == version
        mine = applied(held[since], told)
        assert shown(mine, clock.at) == shown(unpacked(whole), clock.at), (seed, step)
        held[version] = mine
    assert version > 5
