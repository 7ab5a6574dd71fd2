"""Files of fixes: CSV line by line, GPX, NMEA and Parquet, broken ones too."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, MappingError
from geo.settings import SourceSettings
from geo.timeline import from_us
from ingest import fix_csv
from ingest.fix_nmea import checksum, degrees
from ingest.fixes import FixesFile, read_fixes_file
from ingest.quarantine import Why
from tests.ingest.conftest import NOW, Write

HEAD = "vehicle,at,lon,lat,blade"
ROW = "S-17,2026-01-18T06:10:00+09:00,136.65,36.56,1"
S = SourceSettings


def _read(path: Path, **settings_: object) -> FixesFile:
    return read_fixes_file(path, S.model_validate(settings_), now=NOW)


def _reasons(found: FixesFile) -> list[tuple[int | None, str]]:
    return [(reject.line, str(reject.reason)) for reject in found.rejects]


def test_lines_are_counted_as_an_editor_shows_them(text_file: Write) -> None:
    lines = [
        "",
        HEAD,
        ROW,
        "",
        "S-17,bad,136.65,36.56,1",
        '"S-17',
        ROW.replace("06:10", "06:11"),
        "a,b",
        "",
        "x,,1,2,3",
    ]
    found = _read(text_file("f.csv", lines))
    assert len(found.fixes) == 2
    assert sorted(_reasons(found)) == [
        (5, "unparsable_time"),
        (6, "malformed"),
        (8, "malformed"),
        (10, "unparsable_time"),
    ]
    assert found.state.n_read == 6
    assert {r.line: r.payload["text"] for r in found.rejects}[8] == "a,b"


CELL = st.sampled_from(["S-1", "", "1", "136.6", "36.5", "2026-01-18T06:10:00Z", '"', '"a,b"', "x\x00", "あ", "\r"])
LINE = st.one_of(st.just(ROW), st.just(""), st.lists(CELL, min_size=1, max_size=7).map(",".join))


@given(st.lists(LINE, min_size=1, max_size=25), st.integers(40, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_line_is_a_fix_a_reject_or_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], block: int
) -> None:
    """In blocks of any size, each line that is not empty is counted once, with its own number."""
    path = tmp_path / "f.csv"
    path.write_bytes(("\n".join([HEAD, ROW, *lines]) + "\n").encode())
    monkeypatch.setattr(fix_csv, "BLOCK", block)
    found = _read(path)
    text = path.read_bytes().decode().split("\n")
    full = [i for i, line in enumerate(text, 1) if i > 1 and line not in ("", "\r")]
    assert found.state.n_read == len(full) == len(found.fixes) + len(found.rejects)
    rejected = [reject.line for reject in found.rejects]
    assert len(set(rejected)) == len(rejected)
    assert set(rejected) <= set(full)
    for reject in found.rejects:
        assert reject.line is not None
        assert reject.payload["text"] == text[reject.line - 1].removesuffix("\r")
    assert [line for line in full if text[line - 1] == ROW and line in rejected] == []


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-8-sig"])
def test_japanese_columns_in_every_encoding(text_file: Write, encoding: str) -> None:
    lines = ["車両番号,日付,時刻,経度,緯度,作業", "除雪１号,2026/1/18,6:10:00,136.65,36.56,作業中"]
    path = text_file("f.csv", lines, encoding)
    found = _read(path, timezone="Asia/Tokyo", fields={"at": "日付+時刻"})
    assert found.names == ("除雪1号",)
    assert from_us(int(found.fixes.at_us[0])) == datetime(2026, 1, 17, 21, 10, tzinfo=UTC)
    assert found.fixes.work.tolist() == [1]


def test_one_line_of_broken_bytes_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    good = [f"除雪{i}号,2026-01-18T06:10:00Z,136.65,36.56,1" for i in range(50)]
    data = [line.encode() for line in [HEAD, *good]]
    data[7] = b"\xe9\x99\xa4\xff\xfe,2026-01-18T06:10:00Z,136.65,36.56,1"
    path.write_bytes(b"\n".join(data))
    found = _read(path)
    assert (len(found.fixes), _reasons(found)) == (49, [(8, "malformed")])
    assert found.state.encoding == "utf-8 (detected)"


def test_a_wrong_encoding_flag_is_an_error(text_file: Write) -> None:
    path = text_file("f.csv", [HEAD, ROW.replace("S-17", "除雪")], "cp932")
    with pytest.raises(InputError, match=r"f\.csv: the text is not utf-8. It reads as cp932"):
        _read(path, encoding="utf-8")


def test_gzip_and_a_packed_file_that_breaks_off(tmp_path: Path) -> None:
    lines = [HEAD, *(ROW.replace("06:10:00", f"06:{i % 60:02d}:{i // 60:02d}") for i in range(3000))]
    data = gzip.compress(("\n".join(lines) + "\n").encode())
    (tmp_path / "all.csv.gz").write_bytes(data)
    (tmp_path / "cut.csv.gz").write_bytes(data[: len(data) // 2])
    assert len(_read(tmp_path / "all.csv.gz").fixes) == 3000
    (tmp_path / "none.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match="not readable as gzip"):
        _read(tmp_path / "none.csv.gz")
    try:
        cut = _read(tmp_path / "cut.csv.gz")
    except InputError as error:  # not even one line was whole
        assert "gzip" in str(error)  # noqa: PT017 - which of the two depends on the compressor
    else:
        assert cut.rejects[-1].reason == Why.MALFORMED


@pytest.mark.parametrize(
    ("lines", "settings_", "error", "message"),
    [
        (["vehicle,at,lon", "a,b,c"], {}, MappingError, r"no column for lat\. Columns: vehicle, at, lon"),
        ([HEAD], {}, InputError, "no rows below the header"),
        (["vehicle,at,lon,lat,lat", ROW], {}, InputError, "names lat twice"),
        ([HEAD, "S,2026-01-18 06:10,136,36,1"], {}, InputError, "has no time zone.*--timezone"),
        ([HEAD, ROW], {"fields": {"lon": "long"}}, MappingError, r"no column 'long'. Did you mean 'lon'"),
        ([HEAD, ROW], {"crs": "EPSG:1"}, InputError, "is no CRS"),
    ],
)
def test_a_csv_that_cannot_be_used_says_why(
    text_file: Write, lines: list[str], settings_: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as told:
        _read(text_file("f.csv", lines), **settings_)
    assert "f.csv" in str(told.value)


def test_missing_empty_and_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        _read(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match="is empty"):
        _read(tmp_path / "empty.csv")
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"'\.docx' is no format of fixes"):
        _read(tmp_path / "a.docx")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_speed_units_and_keys_inside_json(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(
        {"id": ["a"], "props": ['{"t": {"at": "2026-01-18T06:10:00Z"}}'], "x": [136.65], "y": [36.56], "v": [36.0]}
    )
    path = tmp_path / f"f{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_csv(path, index=False)
    fields = {"vehicle": "id", "at": "props.t.at", "speed": "v"}
    found = _read(path, fields=fields, speed_unit="km/h")
    assert found.fixes.speed_mps[0] == pytest.approx(10)
    assert from_us(int(found.fixes.at_us[0])).hour == 6


def test_parquet_has_items_and_no_lines(tmp_path: Path) -> None:
    at = pd.to_datetime(["2026-01-18T06:10:00Z", None, "2026-01-18T06:11:00Z"])
    frame = pd.DataFrame({"vehicle": ["a"] * 3, "at": at, "lon": [136.6, 136.6, 0.0], "lat": [36.5, 36.5, 0.0]})
    frame.to_parquet(tmp_path / "f.parquet")
    found = _read(tmp_path / "f.parquet")
    assert [(r.line, r.item, r.reason) for r in found.rejects] == [
        (None, 1, Why.UNPARSABLE_TIME), (None, 2, Why.ZERO_POSITION),
    ]  # fmt: skip
    (tmp_path / "g.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="not readable as Parquet"):
        _read(tmp_path / "g.parquet")


GPX = """<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:e="x"><trk><name>Ｓ－１７</name><trkseg>
<trkpt lat="36.56" lon="136.65"><ele>3</ele><time>2026-01-18T06:10:00Z</time>
 <extensions><e:speed>4.5</e:speed><e:course>90</e:course><e:blade>1</e:blade></extensions></trkpt>
<trkpt lat="36.57" lon="136.65"></trkpt>
<trkpt lat="36.57" lon="136.66"><time>2026-01-18T06:10:05Z</time></trkpt>
</trkseg></trk></gpx>"""


def test_gpx(tmp_path: Path) -> None:
    path = tmp_path / "tour.gpx"
    path.write_text(GPX, encoding="utf-8")
    found = _read(path)
    assert found.names == ("S-17",)
    assert (found.fixes.speed_mps[0], found.fixes.heading_deg[0], found.fixes.blade[0]) == (4.5, 90, 1)
    assert _reasons(found) == [(5, "unparsable_time")]
    assert _read(path, fields={"vehicle": "=K-1"}).names == ("K-1",)
    path.write_text(GPX.replace("<name>Ｓ－１７</name>", ""), encoding="utf-8")
    assert _read(path).names == ("tour",)


@pytest.mark.parametrize("keep", [0.3, 0.45, 0.6, 0.75, 0.9, 0.97])
def test_a_gpx_that_breaks_off_keeps_its_whole_points(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "tour.gpx"
    text = GPX[: round(len(GPX) * keep)]
    path.write_text(text, encoding="utf-8")
    found = _read(path)
    whole = text.count("</trkpt>")
    assert len(found.fixes) + sum(r.reason == Why.UNPARSABLE_TIME for r in found.rejects) == whole
    assert sum(r.reason == Why.MALFORMED for r in found.rejects) == 1
    assert found.state.n_read == whole + 1


@pytest.mark.parametrize("text", ["no xml", "<kml/>", "<gpx></gpx>"])
def test_what_is_no_gpx(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.gpx").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.gpx"):
        _read(tmp_path / "a.gpx")


def test_a_gpx_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><gpx><trk><name>&b;</name></trk></gpx>'
    (tmp_path / "a.gpx").write_text(bomb, encoding="utf-8")
    with pytest.raises(InputError, match="declares XML entities"):
        _read(tmp_path / "a.gpx")


def _nmea(*bodies: str) -> list[str]:
    return [f"${body}*{checksum(body):02X}" for body in bodies]


def test_nmea_checksum_and_degrees_of_the_textbook() -> None:
    # the example sentence of the SiRF NMEA reference manual
    assert checksum("GPGGA,161229.487,3723.2475,N,12158.3416,W,1,07,1.0,9.0,M,,,,0000") == 0x18
    assert degrees("3723.2475", "N") == pytest.approx(37.387458)
    assert degrees("12158.3416", "W") == pytest.approx(-121.972360)


def test_nmea(tmp_path: Path, text_file: Write) -> None:
    rmc = "GPRMC,235959.50,A,3633.6000,N,13639.0000,E,10.0,90.0,170126,,"
    lines = _nmea(
        "GPGGA,235958.00,3633.6000,N,13639.0000,E,1,07,1.5,9.0,M,,,,",
        rmc,
        "GPGGA,235959.50,3633.6000,N,13639.0000,E,1,07,1.2,9.0,M,,,,",
        "GPGSV,1,1,00",
        "GPGGA,000001.00,3633.6100,N,13639.0000,E,1,07,2.0,9.0,M,,,,",
        "GPRMC,000002.00,V,,,,,,,180126,,",
        "GPGGA,000003.00,,,,,0,00,,,M,,,,",
        "GPRMC,000004.00,A,3699.6000,N,13639.0000,E,,,180126,,",
    )
    path = text_file("S-17.nmea", [*lines, rmc and f"${rmc}*00", "noise", f"${rmc}"])
    found = _read(path)
    assert found.names == ("S-17",)
    assert [from_us(int(at)).isoformat() for at in found.fixes.at_us] == [
        "2026-01-17T23:59:58+00:00", "2026-01-17T23:59:59.500000+00:00", "2026-01-18T00:00:01+00:00",
    ]  # fmt: skip
    assert found.fixes.accuracy_m.tolist() == [7.5, 6.0, 10.0]
    assert found.fixes.speed_mps[1] == pytest.approx(5.1444, abs=1e-4)
    assert found.fixes.lat[0] == pytest.approx(36.56)
    assert sorted(_reasons(found)) == [
        (6, "no_position"), (7, "no_position"), (8, "malformed"), (9, "bad_checksum"), (10, "malformed"),
        (11, "bad_checksum"),
    ]  # fmt: skip


def test_nmea_without_any_date_is_kept_in_quarantine(text_file: Write) -> None:
    found = _read(text_file("a.nmea", _nmea("GPGGA,000003.00,3633.6,N,13639.0,E,1,07,2.0,9.0,M,,,,")))
    assert _reasons(found) == [(1, "unparsable_time")]


def test_nmea_in_a_txt_file_is_known_by_its_first_sign(text_file: Write) -> None:
    lines = _nmea("GPRMC,235959.50,A,3633.6000,N,13639.0000,E,10.0,90.0,170126,,")
    assert len(_read(text_file("log.txt", lines)).fixes) == 1


@given(st.binary(max_size=300), st.sampled_from(["f.csv", "f.gpx", "f.nmea", "f.parquet", "f.csv.gz"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_at_all_break_a_reader(tmp_path: Path, data: bytes, name: str) -> None:
    """Whatever a file holds, it is read, quarantined or refused with a clear message."""
    path = tmp_path / name
    path.write_bytes((HEAD.encode() + b"\n" if name == "f.csv" else b"") + data)
    try:
        found = _read(path)
    except InputError as error:
        assert name in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert found.state.n_read == len(found.fixes) + len(found.rejects)


@pytest.mark.realdata
def test_chicago_keeps_every_row(yuki_data: Path) -> None:
    folder = yuki_data / "chicago_ploughs"
    feed = _read(folder / "feed_points_unique.csv")
    assert (len(feed.fixes), len(feed.rejects)) == (1708, 0)
    batches = _read(folder / "trace_batches_2016-12.csv", timezone="America/Chicago", fields={"at": "props.timestamp"})
    assert len(batches.fixes) + len(batches.rejects) == 17_822
    assert {reject.reason for reject in batches.rejects} == {Why.UNPARSABLE_TIME}
    assert len(batches.fixes) == 5_420
