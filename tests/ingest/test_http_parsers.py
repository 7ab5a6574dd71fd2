"""Every parser of positions, fed with anything: a result, or an error of ours that says what is wrong."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from geo.errors import YukiError
from geo.settings import SourceSettings
from ingest import osmand
from ingest.fix_batch import FixBatch, ReadState
from ingest.fixes import read_fixes_file
from ingest.http_body import Bodies
from ingest.reading import READERS, Read, checked, read_fixes
from tests.ingest.conftest import NOW

SOURCES = [SourceSettings(), SourceSettings(timezone="Asia/Tokyo", fields={"vehicle": "id.x", "at": "day+hour"})]
BOUNDED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)

KEYS = st.sampled_from(
    ["vehicle", "at", "lon", "lat", "speed", "work", "treatment", "id", "day", "hour", "heading_deg"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2026-01-31T23:59:00Z", "2026-01-31 23:59", "1769903940", "0.5", "NaN", "-0", "\ud800", "1e400"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
ROWS = st.lists(st.dictionaries(KEYS | st.text(), VALUES, max_size=12) | VALUES, max_size=6)

VALID = {
    "application/json": json.dumps({"fixes": [{"vehicle": "7", "at": 1769903940, "lon": 136.6, "lat": 36.5}]}).encode(),
    "application/x-ndjson": b'{"vehicle": "7", "at": 1769903940, "lon": 136.6, "lat": 36.5}\n{"vehicle": 8}\n',
    "text/csv": 'vehicle,at,lon,lat,速度(km/h)\n７,2026-01-31T23:59Z,136.6,36.5,18\n"a,b",x,,,\n'.encode(),
}
FILES = {
    "a.csv": VALID["text/csv"],
    "a.gpx": b'<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>7</name><trkseg>'
    b'<trkpt lat="36.5" lon="136.6"><time>2026-01-31T23:59:00Z</time></trkpt></trkseg></trk></gpx>',
    "a.nmea": b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
    b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n",
}


def _is_sound(read: Read) -> bool:
    fixes = read.batch.fixes
    known = not len(fixes) or (fixes.vehicle.min() >= 0 and fixes.vehicle.max() < len(read.batch.names))
    return bool(known and (abs(fixes.lon) <= 180).all() and (abs(fixes.lat) <= 90).all() and (fixes.at_us > 0).all())


def _read(data: bytes, kind: str, source: SourceSettings) -> Read | None:
    try:
        return read_fixes(data, kind, source, 1000, NOW, None)
    except YukiError:
        return None


@st.composite
def _damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """A sound text with some of its bytes changed, left out or put in."""
    data = bytearray(valid)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=4) | st.just(b"\n") | st.just(b'"'))
    return bytes(data)


@pytest.mark.parametrize("source", SOURCES, ids=["plain", "mapped"])
@pytest.mark.parametrize("kind", list(READERS))
@given(st.data())
@BOUNDED
def test_any_bytes(kind: str, source: SourceSettings, data: st.DataObject) -> None:
    body = data.draw(st.binary(max_size=200) | _damaged(VALID.get(kind, VALID["application/x-ndjson"])))
    read = _read(body, kind, source)
    assert read is None or _is_sound(read)


@pytest.mark.parametrize("source", SOURCES, ids=["plain", "mapped"])
@given(ROWS)
@BOUNDED
def test_any_rows_of_json(source: SourceSettings, rows: list[Any]) -> None:
    text = json.dumps({"fixes": rows})
    lines = "\n".join(json.dumps(row) for row in rows)
    for kind, body in (("application/json", text), ("application/x-ndjson", lines)):
        read = _read(body.encode(), kind, source)
        if read is not None:
            assert _is_sound(read)
            assert len(read.batch) + len(read.rejects) == len(rows)


@given(st.dictionaries(st.sampled_from([*osmand.EXTRAS, "id", "timestamp", "lat", "lon", "speed", "hdop", "valid",
                                        "location", "bearing", "accuracy"]), st.text() | st.sampled_from(["1", "nan",
                                        "136.6", "1769903940", "-1e999", "36.5,136.6"])))  # fmt: skip
@BOUNDED
def test_any_parameters_of_osmand(parameters: dict[str, str]) -> None:
    state, source = ReadState(), osmand.standard(SOURCES[1])
    with contextlib.suppress(YukiError):
        raw = osmand.to_raw(osmand.row_of_parameters(parameters), source, state)
        read = checked([raw], source, NOW, None, state)
        assert _is_sound(read)
        assert len(read.batch) + len(read.rejects) == 1


COORDS = st.dictionaries(st.sampled_from(["latitude", "longitude", "speed", "heading", "accuracy"]), VALUES)
LOCATION = st.fixed_dictionaries({"timestamp": VALUES, "coords": COORDS, "extras": VALUES})


@given(VALUES | st.fixed_dictionaries({"device_id": VALUES, "location": LOCATION}))
@BOUNDED
def test_any_json_of_osmand(document: Any) -> None:
    state, source = ReadState(), osmand.standard(SOURCES[0])
    with contextlib.suppress(YukiError):
        raw = osmand.to_raw(osmand.row_of_json(json.loads(json.dumps(document))), source, state)
        assert _is_sound(checked([raw], source, NOW, None, state))


@given(st.binary(max_size=300))
@BOUNDED
def test_any_form(body: bytes) -> None:
    with contextlib.suppress(YukiError):
        osmand.parse_form(body)


@given(st.binary(max_size=100) | _damaged(gzip.compress(b"[]")) | _damaged(gzip.compress(bytes(5000)) * 2))
@BOUNDED
def test_any_packed_body(body: bytes) -> None:
    with contextlib.suppress(YukiError, HTTPException):
        assert len(Bodies(1000, 4000).unpack(body, "gzip")) <= 4000


@pytest.mark.parametrize("name", list(FILES))
@given(st.data())
@BOUNDED
def test_any_file(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / name
    path.write_bytes(data.draw(st.binary(max_size=200) | _damaged(FILES[name])))
    with contextlib.suppress(YukiError):
        found = read_fixes_file(path, SourceSettings(timezone="Asia/Tokyo"), now=NOW)
        assert _is_sound(Read(FixBatch(found.names, found.fixes)))
