"""The pure parts of the benchmark of serving and of the drill of requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.drill_requests_check import LATE_S, Judge, Published, rows_of
from benchmarks.drill_requests_client import Answer
from benchmarks.serve_load import read_report
from benchmarks.serve_mix import Session, box, n_features
from benchmarks.serve_world import make_lines, shares

#: One layer, two features (ids 4 and 7) with the properties state and valid_until, written by hand after the
#: specification: keys "state", "valid_until"; values "cleared", 100 (as an int of the protobuf field 4).
VALUES = b"\x22\x09\x0a\x07cleared" + b"\x22\x02\x20\x64"
KEYS = b"\x1a\x05state" + b"\x1a\x0bvalid_until"
FEATURES = b"\x12\x08\x08\x04\x12\x04\x00\x00\x01\x01" + b"\x12\x06\x08\x07\x12\x02\x00\x00"
LAYER = b"\x0a\x01r" + FEATURES + KEYS + VALUES + b"\x78\x02"
TILE = b"\x1a" + bytes([len(LAYER)]) + LAYER


def test_a_tile_is_read_as_the_specification_says() -> None:
    assert n_features(TILE) == 2
    assert n_features(b"") == 0
    assert rows_of(TILE) == [(4, {"state": "cleared", "valid_until": 100}), (7, {"state": "cleared"})]


def test_a_box_is_that_of_the_tile() -> None:
    assert box(0, 0, 0) == pytest.approx((-180, -85.0511287798066, 180, 85.0511287798066))
    west, south, east, north = box(14, 14411, 6388)
    assert west < 136.65 < east
    assert south < north


def test_the_recorded_session_can_be_asked_of_any_service() -> None:
    session = Session.read()
    names = {"roads_version": "1-a", "reference_version": "b", "network_version": 1, "status_version": 3, "edge_id": 9}
    paths = session.filled(names)
    assert len(paths) == len(session.at_ms) > 200
    assert list(session.at_ms) == sorted(session.at_ms)
    assert all(path.startswith("/") for path in paths)
    for zoom in (8, 11, 14):
        assert len(session.tiles(zoom)) >= 8


def test_the_report_of_wrk_is_read() -> None:
    told = {"n": 100, "seconds": 2.0, "bytes": 5000, "p50_ms": 1.5, "p99_ms": 9.0, "refused": 1, "broken": 2, "late": 0}
    load = read_report(f"Running 2s test\n  Latency …\n{json.dumps(told)}\n")
    assert (load.per_s, load.bytes_each, load.n_failed) == (50.0, 50.0, 3)


def test_the_same_lines_come_again_in_classes_of_a_prefecture() -> None:
    first, again = make_lines(3_000), make_lines(3_000)
    assert len(first) == 3_000
    assert all(np.array_equal(a.xy, b.xy) and a.road_class == b.road_class for a, b in zip(first, again, strict=True))
    assert set(shares(first)) >= {"expressway", "national", "prefectural", "municipal"}


@pytest.fixture
def judge() -> Judge:
    """A drill whose database went away 20 s ago and has been back for 10."""
    now = time.time()
    return Judge(Published([5], [now - 100], {4: (now - 100, 80)}), away_at=now - 20, back_at=now - 10)


def answer(path: str, status: int, ago_s: float, body: bytes = b"", took_s: float = 0.1, **headers: str) -> Answer:
    asked_at = time.time() - ago_s
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(path, asked_at, asked_at + took_s, status, named, body)


STALE = 'yukimichi; hit; detail="stale since …"'
SNAPSHOT, STATUS_TILE = "/status/snapshot", "/ogc/collections/road_status/tiles/WebMercatorQuad/1/0/0"
BAD: dict[str, Callable[[], list[Answer]]] = {
    "no answer at all": lambda: [answer("/", 0, 1)],
    "status 500": lambda: [answer("/", 500, 15)],
    "status 503 while": lambda: [answer("/", 503, 1, retry_after="5")],
    "without Retry-After": lambda: [answer("/", 503, 15)],
    "more than 1 s": lambda: [answer("/", 503, 15, took_s=1.5, retry_after="5")],
    "not marked": lambda: [answer(SNAPSHOT, 304, 15)],
    "more than 2 s old": lambda: [
        answer(SNAPSHOT, 200, 1, b'{"status_version": 4}', content_type="application/json")
    ],
    "other bytes": lambda: [answer("/tiles/roads/1/1/0/0.mvt", 200, 1, body) for body in (b"a", b"b")],
    "after valid_until": lambda: [answer(STATUS_TILE, 200, 1, TILE) for _ in range(5)],
    "published more than 2 s ago": lambda: [answer(STATUS_TILE, 200, 1, TILE) for _ in range(5)],
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_the_drill_finds_what_must_not_be(judge: Judge, what: str) -> None:
    for one in BAD[what]():
        judge.take(one)
    assert any(what in problem for problem in judge.verdict()), judge.verdict()


def test_the_drill_takes_what_may_be(judge: Judge) -> None:
    for one in (
        answer(SNAPSHOT, 200, 15, b'{"status_version": 5}', content_type="application/json", cache_status=STALE),
        answer("/ogc/collections/ploughs/items", 503, 15, retry_after="5"),
        answer("/ogc/collections/ploughs/items", 200, 9),
        answer("/tiles/roads/1/1/0/0.mvt", 200, 15, b"a"),
        answer("/tiles/roads/1/1/0/0.mvt", 200, 1, b"a"),
        answer("/tiles/roads/1/9/0/0.mvt", 404, 1),
        answer(STATUS_TILE, 503, 15, retry_after="1"),
    ):
        judge.take(one)
    judge.overloaded = 0
    assert judge.verdict() == []
    assert LATE_S == 2.0
