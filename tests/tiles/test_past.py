"""The past by HTTP: any moment, a whole storm for replay, both forms alike, and why nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import brotli
import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Database, Role
from layers.publish_live import Changes, publish_changes
from tests.tiles.conftest import AS_OF, Clock
from tests.tiles.packed_reader import Record, read_index, read_replay, read_states
from tests.tiles.test_changes import assess
from tests.tiles.test_packed import records_of
from tests.tiles.test_snapshot import unpacked
from tiles.past import Held
from tiles.replay import changes_of, pack_replay
from tiles.states import CHARS, NO_MOMENT, STATES

MINUTE = timedelta(minutes=1)
PACKED = "application/vnd.yukimichi.states"


def publish_at(town: Database, at: datetime, *edge_ids: int) -> None:
    with town.connect(Role.PUBLISH) as connection:
        publish_changes(connection, Changes(edge_ids), at)


def zulu(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def by_edge(client: httpx.Client, **params: str) -> dict[int, Record]:
    """The packed snapshot, edge by edge."""
    answer = client.get("/status/snapshot", params={"f": "packed", **params})
    assert answer.status_code == 200, answer.text
    head, records = read_states(answer.content)
    ids = read_index(client.get(f"/status/index/{head['roads_version']}").content)
    return dict(zip(ids, records, strict=True))


def test_forms_encodings_tags_and_the_index(client: httpx.Client) -> None:
    packed = client.get("/status/snapshot?f=packed", headers={"accept-encoding": "br"})
    assert (packed.headers["content-type"], packed.headers["content-encoding"]) == (PACKED, "br")
    assert packed.headers["vary"] == "Accept, Accept-Encoding"
    plain = client.get("/status/snapshot?f=packed", headers={"accept-encoding": "identity"})
    for other in (
        client.get("/status/snapshot?f=packed", headers={"accept-encoding": "gzip"}),
        client.get("/status/snapshot", headers={"accept": f"{PACKED}, */*;q=0.1"}),
    ):
        assert (other.content, other.headers["content-type"]) == (plain.content, PACKED)
    assert packed.content in (plain.content, brotli.compress(plain.content, quality=5))
    again = client.get("/status/snapshot?f=packed", headers={"if-none-match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    twin = client.get("/status/snapshot")
    assert twin.headers["etag"] != packed.headers["etag"]
    edges = unpacked(twin.json())
    for edge_id, (char, reason, cleared, valid, observed, covered) in by_edge(client).items():
        told = edges.get(edge_id)
        if told is None:
            assert (char, reason, observed) == ("?", "not_on_plan", None)
        else:
            assert told == {"state": {v: k for k, v in CHARS.items()}[char], "reason": reason, "covered": covered,
                            "cleared_s": cleared, "valid_s": valid, "observed_s": observed}  # fmt: skip
    version = twin.json()["roads_version"]
    index = client.get(f"/status/index/{version}")
    assert "immutable" in index.headers["cache-control"]
    assert sorted(read_index(index.content)) == [2, 4, 5, 6, 7, 9]
    assert client.get("/status/index/0-x", follow_redirects=False).status_code == 307
    for query in ("f=xml", "f=", "f=json&f=json", "g=1"):
        assert client.get(f"/status/snapshot?{query}").status_code == 400, query


@pytest.fixture
def story(town: Database, clock: Clock) -> list[datetime]:
    """Three publications of the town, ten minutes apart; the clock stands after them."""
    assess(town, 5, "cleared", valid_until=AS_OF + 15 * MINUTE)
    publish_at(town, AS_OF + 10 * MINUTE, 5)
    assess(town, 5, "uncleared")
    assess(town, 9, "unknown", "silent")
    publish_at(town, AS_OF + 20 * MINUTE, 5, 9)
    clock.at = AS_OF + 30 * MINUTE
    return [AS_OF, AS_OF + 10 * MINUTE, AS_OF + 20 * MINUTE]


def test_each_moment_is_told_as_it_was(
    story: list[datetime], client: httpx.Client, town: Database, clock: Clock
) -> None:
    """By `at` and by replay, in both forms; what is withheld now is withheld then; reasons and bad parameters."""
    states = [by_edge(client, at=zulu(at))[5][:2] for at in (AS_OF, AS_OF + 12 * MINUTE, AS_OF + 16 * MINUTE, story[2])]
    assert states == [("u", "none"), ("c", "none"), ("?", "expired"), ("u", "none")]
    for at in (*story, AS_OF + 5 * MINUTE):
        twin = client.get("/status/snapshot", params={"at": zulu(at)})
        assert twin.json()["as_of"] == zulu(at)
        assert "status_version" not in twin.json()
        edges = unpacked(twin.json())
        packed = by_edge(client, at=zulu(at))
        assert {e: CHARS[one["state"]] for e, one in edges.items()} == {e: packed[e][0] for e in edges}
    known = client.get("/status/snapshot", params={"at": zulu(AS_OF)})
    assert known.headers["cache-control"] == "public, max-age=60"
    again = client.get("/status/snapshot", params={"at": zulu(AS_OF)}, headers={"if-none-match": known.headers["etag"]})
    assert again.status_code == 304

    (event,) = client.get("/status/history").json()["events"]
    assert (event["event"]["event_id"], event["from_at"], event["past"]["is_settled"]) == (2, zulu(AS_OF), False)
    answer = client.get("/status/history/2?f=packed")
    ids = read_index(client.get(f"/status/index/{event['roads_version']}").content)
    held: dict[int, Record] = {}
    frames = list(read_replay(answer.content))
    for moment, frame in frames:
        held |= {ids[place]: record for place, record in frame.items()}
        then = by_edge(client, at=zulu(datetime.fromtimestamp(moment, UTC)))
        for edge_id, record in held.items():
            assert record == then[edge_id], (moment, edge_id)
    assert [moment for moment, _ in frames] == [int(at.timestamp()) for at in story]
    assert [sorted(ids[p] for p in frame) for _, frame in frames] == [[4, 5, 6, 7], [5], [5, 9]]
    document = client.get("/status/history/2").json()
    assert [one["edge_id"] for one in document["frames"]] == [[ids[p] for p in sorted(frame)] for _, frame in frames]
    assert [one["state"] for one in document["frames"]] == ["".join(f[p][0] for p in sorted(f)) for _, f in frames]
    part = {"f": "packed", "from": zulu(AS_OF + 12 * MINUTE), "to": zulu(AS_OF + 15 * MINUTE)}
    cut = list(read_replay(client.get("/status/history/2", params=part).content))
    assert [moment for moment, _ in cut] == [int((AS_OF + 12 * MINUTE).timestamp())]
    assert cut[0][1][ids.index(5)][0] == "c"

    with town.connect(Role.PUBLISH) as connection:
        connection.execute("INSERT INTO pub.withheld_edge VALUES (4)")
        connection.execute("UPDATE pub.dataset SET withheld_version = withheld_version + 1")
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while by_edge(client, at=zulu(AS_OF))[4][:2] != ("?", "withheld"):
        assert datetime.now(UTC) < deadline
    _, first = next(iter(read_replay(client.get("/status/history/2?f=packed").content)))
    assert first[ids.index(4)] == ("?", "withheld", None, None, None, 0)


def test_where_nothing_is_known_the_reason_is_said(story: list[datetime], client: httpx.Client, clock: Clock) -> None:
    for at, why in ((AS_OF - MINUTE, "begins at 2026-01-14T22:00:00Z"), (clock.at + MINUTE, "not come yet")):
        answer = client.get("/status/snapshot", params={"at": zulu(at)})
        assert answer.status_code == 404
        assert why in answer.json()["detail"] + answer.json()["hint"]
    for text in ("x", "2026-01-14", "2026-01-14T22:00:00", "1969-01-01T00:00:00Z", "99999-01-01T00:00:00Z", ""):
        answer = client.get("/status/snapshot", params={"at": text})
        assert (answer.status_code, "at" in answer.json()["detail"]) == (400, True), text
    for path in ("1", "99", str(10**30)):
        assert client.get(f"/status/history/{path}").status_code == 404, path
    for query in ("from=x", "to=1", "f=xml", "x=1", "from=2026-01-14T22:10:00Z&to=2026-01-14T22:05:00Z"):
        assert client.get(f"/status/history/2?{query}").status_code == 400, query
    assert client.get("/status/history/2?from=2027-01-01T00:00:00Z").status_code == 404
    assert client.get("/status/history?x=1").status_code == 400


ROW = st.tuples(
    st.integers(0, 5), st.integers(0, 40), st.integers(1, 20), st.sampled_from(STATES),
    st.sampled_from(["none", "silent"]),
)  # fmt: skip


@given(st.lists(ROW, max_size=25), st.integers(0, 20))
def test_a_replay_is_what_a_list_of_spans_says(spans: list[Any], from_s: int) -> None:
    """At every second the replay shows the span that holds, whatever begins, ends and repeats."""
    base, taken, kept = 1_768_428_000, set(), []
    for place, begin, length, state, reason in spans:
        seconds = {(place, s) for s in range(begin, begin + length)}
        if not seconds & taken:  # spans of an edge never overlap
            taken |= seconds
            kept.append((place, base + begin, base + begin + length, (state, reason, None, None, base, 0)))
    kept = [one for one in kept if one[2] > base + from_s]
    told = records_of([one[3] for one in kept])
    place, begin, end = (np.array([one[i] for one in kept], np.int64) for i in range(3))
    changes = changes_of(Held(place, begin, end, told), np.zeros(0, np.int64), "not_on_plan", base + from_s, base + 70)
    frames = list(read_replay(pack_replay({}, 6, changes, base + from_s)))
    assert frames[0][0] == base + from_s
    held: dict[int, Record] = {}
    at = dict(frames)
    for second in range(from_s, 65):
        held |= at.get(base + second, {})
        for place in range(6):
            now = [one[3] for one in kept if one[0] == place and one[1] <= base + second < one[2]]
            shown = held.get(place, ("?", "not_on_plan"))[:2]
            assert shown == ((CHARS[now[0][0]], now[0][1]) if now else ("?", "not_on_plan")), (second, place)
    assert NO_MOMENT == -1
