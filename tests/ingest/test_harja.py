"""Harja's messages: every observation is a point, a line, or in quarantine with its message and its number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Database
from geo.errors import InputError
from geo.settings import Settings, SourceSettings
from geo.settings_live import IngestSettings
from geo.timeline import to_us
from ingest.fixes import FixesFile, ingest_fixes, read_fixes_file
from ingest.harja import AREA, as_harja, parse_message
from ingest.projection import Reference, parse_crs, to_lonlat
from ingest.quarantine import Why
from tests.ingest.http_server import Clock, add_key, bearer, served

type Rows = Callable[..., list[tuple[Any, ...]]]

NOW = datetime(2026, 2, 1, tzinfo=UTC)
SOURCE = SourceSettings.model_validate({"rules": {"tasks": [{"contains": "auraus", "work": True}]}})
OULU_XY = (429_493.0, 7_207_739.0)


def _point(**change: Any) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "tyokone": {"id": 31, "tyokonetyyppi": "aura-auto"},
        "sijainti": {"koordinaatit": {"x": OULU_XY[0], "y": OULU_XY[1], "z": 12.5}},
        "suunta": 45,
        "havaintoaika": "2026-01-30T13:59:26+02:00",
        "urakkaid": 4,
        "suoritettavatTehtavat": ["auraus ja sohjonpoisto"],
    }
    return {"havainto": inner | change}


def _line(*coordinates: Any, **change: Any) -> dict[str, Any]:
    return _point(sijainti={"viivageometria": {"type": "LineString", "coordinates": list(coordinates)}}, **change)


def _message(*observations: Any) -> dict[str, Any]:
    return {
        "otsikko": {
            "lahettaja": {"jarjestelma": "seuranta", "organisaatio": {"nimi": "Aura Oy", "ytunnus": "1234567-8"}},
            "viestintunniste": {"id": 77},
            "lahetysaika": "2026-01-30T14:00:00+02:00",
        },
        "havainnot": list(observations),
    }


A, B = [429_500, 7_207_700], [429_700, 7_207_900]


def _file(folder: Path, content: Any, name: str = "m.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _read(folder: Path, *observations: Any) -> FixesFile:
    return read_fixes_file(_file(folder, _message(*observations)), SOURCE, now=NOW)


def test_points_and_lines_of_one_message(tmp_path: Path) -> None:
    read = _read(tmp_path, _point(), _line(A, A, B), _point(havaintoaika="2026-01-30T13:59:41+02:00"))
    assert (read.names, len(read.fixes), len(read.rejects), read.state.n_read) == (("31",), 2, 0, 3)
    assert read.fixes.at_us[0] == to_us(datetime(2026, 1, 30, 11, 59, 26, tzinfo=UTC))
    assert (read.fixes.lon[0], read.fixes.lat[0]) == (pytest.approx(25.5055, abs=1e-3), pytest.approx(64.986, abs=1e-3))
    assert (read.fixes.heading_deg[0], read.fixes.work[0]) == (45.0, 1)
    (lines,) = read.lines
    assert (lines.names, len(lines), lines.work.work.tolist()) == (("31",), 1, [1])
    assert len(lines.lonlat[0]) == 2
    back = to_lonlat(
        np.array([A[0], B[0]], float), np.array([A[1], B[1]], float), Reference(parse_crs("EPSG:3067", ""), "")
    )
    assert np.allclose(lines.lonlat[0], np.column_stack(back), atol=1e-9)


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (_point(tyokone={}), Why.MISSING_VEHICLE),
        (_point(tyokone=None), Why.MISSING_VEHICLE),
        (_point(tyokone={"id": [1]}), Why.MISSING_VEHICLE),
        (_point(havaintoaika=None), Why.UNPARSABLE_TIME),
        (_point(havaintoaika="2026-01-30T13:59:26"), Why.UNPARSABLE_TIME),
        (_point(havaintoaika="2027-01-30T13:59:26+02:00"), Why.FUTURE_TIME),
        (_point(sijainti=None), Why.NOT_A_NUMBER),
        (_point(sijainti={"koordinaatit": {"x": 1}}), Why.NOT_A_NUMBER),
        (_point(sijainti={"koordinaatit": {"x": "a", "y": 7_207_739}}), Why.NOT_A_NUMBER),
        (_point(sijainti={"koordinaatit": {"x": 10**400, "y": 7_207_739}}), Why.NOT_A_NUMBER),
        (_point(sijainti={"koordinaatit": {"x": 0, "y": 0}}), Why.ZERO_POSITION),
        (_point(sijainti={"koordinaatit": {"x": 25.49, "y": 64.98}}), Why.OUTSIDE_AREA),
        ({"havainto": 5}, Why.MISSING_VEHICLE),
        (7, Why.MISSING_VEHICLE),
        (_line(A), Why.WRONG_GEOMETRY),
        (_line(), Why.WRONG_GEOMETRY),
        (_line(A, A, A), Why.ZERO_LENGTH),
        (_line(A, [429_700, None]), Why.NOT_FINITE),
        (_line(A, [429_700]), Why.NOT_FINITE),
        (_line(A, "x"), Why.NOT_FINITE),
        (_line(A, [float("nan"), 7_207_900]), Why.NOT_FINITE),
        (_line(A, [25.49, 64.98]), Why.OUTSIDE_AREA),
        (_line(A, B, havaintoaika="soon"), Why.UNPARSABLE_TIME),
        (_line(A, B, tyokone={"id": ""}), Why.MISSING_VEHICLE),
        (_point(sijainti={"viivageometria": {"type": "Point", "coordinates": A}}), Why.NO_GEOMETRY),
        (_point(sijainti={"viivageometria": None}), Why.NO_GEOMETRY),
    ],
)
def test_each_bad_observation_has_its_reason_and_the_good_ones_go_on(
    tmp_path: Path, observation: Any, reason: Why
) -> None:
    read = _read(tmp_path, _point(), observation, _line(A, B))
    assert [(r.reason, r.item, r.line) for r in read.rejects] == [(reason, 1, None)]
    assert (len(read.fixes), sum(len(lines) for lines in read.lines), read.state.n_read) == (1, 1, 3)
    payload = read.rejects[0].payload
    assert (payload["message"], payload["index"]) == (77, 1)
    assert "observation" in payload


@pytest.mark.parametrize("content", [{}, [], [5], 5, {"havainnot": {}}, {"fixes": []}, None])
def test_other_json_is_no_message(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match="no message"):
        read_fixes_file(_file(tmp_path, content), SOURCE, now=NOW)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\ufeff{}", "nope"])
def test_text_that_is_no_json_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_fixes_file(path, SOURCE, now=NOW)


def test_the_area_of_the_format_is_that_of_its_bounds() -> None:
    x, y = np.meshgrid(np.linspace(60_000, 736_400, 30), np.linspace(6_500_000, 7_800_000, 30))
    lon, lat = to_lonlat(x.ravel(), y.ravel(), Reference(parse_crs("EPSG:3067", ""), "given"))
    assert AREA[0] <= lon.min() <= AREA[0] + 0.5
    assert AREA[1] <= lat.min() <= AREA[1] + 0.5
    assert AREA[2] - 0.5 <= lon.max() <= AREA[2]
    assert AREA[3] - 0.5 <= lat.max() <= AREA[3]
    assert as_harja(SourceSettings(crs="EPSG:4326", area=(1, 2, 3, 4))).area == (1, 2, 3, 4)


def test_the_same_message_twice_and_half_of_it_again_change_nothing(
    database: Database, tmp_path: Path, rows: Rows
) -> None:
    whole = [_point(), _line(A, B), _line(A, B, suoritettavatTehtavat=["suolaus"]), _point(tyokone=None)]
    first = ingest_fixes(database, [_file(tmp_path, _message(*whole))], "harja", SOURCE, now=NOW).files[0]
    assert (first.counts.n_read, first.counts.n_accepted, first.counts.n_repeated, first.counts.n_quarantined) == (
        4, 3, 0, 1,
    )  # fmt: skip
    assert (first.n_lines, first.unmapped) == (2, {"task": {"suolaus": 1}})
    state = "SELECT xmin::text, at FROM raw.line UNION ALL SELECT xmin::text, at FROM raw.fix ORDER BY 1, 2"
    before = rows(state)
    again = ingest_fixes(database, [_file(tmp_path, _message(*whole))], "harja", SOURCE, now=NOW).files[0]
    part = ingest_fixes(database, [_file(tmp_path, _message(*whole[::-1]), "2.json")], "harja", SOURCE, now=NOW).files[
        0
    ]
    assert again.is_repeat
    assert (part.counts.n_accepted, part.counts.n_repeated) == (0, 3)
    assert rows(state) == before
    assert rows("SELECT kind, sum(n) FROM raw.batch GROUP BY kind ORDER BY kind") == [("fixes", 1), ("lines", 2)]
    assert rows("SELECT item, payload ->> 'message' FROM raw.quarantine") == [(3, "77"), (0, "77")]


# ---- by HTTP

HTTP = Settings(sources={"s": SOURCE}, ingest=IngestSettings(max_fixes=10))


@pytest.fixture
def client(database: Database) -> Iterator[httpx.Client]:
    """A client with the key of source s."""
    key = add_key(database)
    with served(database, HTTP, Clock()) as client:
        client.headers.update(bearer(key))
        yield client


def test_a_message_by_http_is_answered_by_observation(client: httpx.Client, rows: Rows) -> None:
    message = _message(_point(), _line(A, B), _point(tyokone=None), _line(A), 5)
    first = client.post("/ingest/harja", json=message)
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["accepted"], told["repeated"]) == (2, 0)
    assert [(one["index"], one["reason"]) for one in told["rejected"]] == [
        (2, "missing_vehicle"), (3, "wrong_geometry"), (4, "missing_vehicle"),
    ]  # fmt: skip
    again = client.post("/ingest/harja", json=message).json()
    assert (again["accepted"], again["repeated"], again["rejected"]) == (0, 2, told["rejected"])
    assert rows("SELECT (SELECT count(*) FROM raw.fix), (SELECT count(*) FROM raw.line)") == [(1, 1)]
    assert rows("SELECT item, payload ->> 'message' FROM raw.quarantine ORDER BY item") == [
        (2, "77"), (3, "77"), (4, "77"),
    ]  # fmt: skip


def test_the_example_of_the_api_document_is_taken(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()["paths"]["/ingest/harja"]["post"]
    (example,) = document["requestBody"]["content"]["application/json"]["examples"].values()
    assert client.post("/ingest/harja", json=example["value"]).json() == {
        "accepted": 2, "repeated": 0, "rejected": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 400),
        ({"json": [1]}, 400),
        ({"content": b"", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"x", "headers": {"Content-Type": "text/csv"}}, 415),
        ({"json": {"havainnot": [1] * 11}}, 413),
        ({"json": {"havainnot": []}, "headers": {"Authorization": "Bearer nobody"}}, 401),
        ({"json": {"havainnot": []}}, 200),
    ],
)
def test_other_bodies_are_refused_as_a_whole(client: httpx.Client, sent: dict[str, Any], status: int) -> None:
    assert client.post("/ingest/harja", **sent).status_code == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON | JSON.map(lambda value: {"havainto": value}), max_size=5), JSON)
def test_any_json_is_rows_or_an_error(observations: list[Any], head: Any) -> None:
    message = parse_message({"otsikko": head, "havainnot": observations}, "fuzz")
    assert len(message.points) + len(message.lines) == len(observations)


KEYS = ("tyokone", "sijainti", "suunta", "havaintoaika", "suoritettavatTehtavat")


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.booleans())
def test_any_observation_is_accepted_or_quarantined(change: dict[str, Any], as_line: bool) -> None:
    from ingest.fix_batch import ReadState
    from ingest.lines import check_lines
    from ingest.quality import check

    message = parse_message(
        _message(_line(A, B, **change) if as_line and "sijainti" not in change else _point(**change)), ""
    )
    state, source = ReadState(), as_harja(SOURCE).model_copy(update={"timezone": "Europe/Helsinki"})
    n_points = len(check(message.points, source, NOW, state, "fuzz")) if len(message.points) else 0
    n_lines = len(check_lines(message.lines, source, NOW, state, "fuzz")) if len(message.lines) else 0
    assert n_points + n_lines + len(state.rejects) == 1
