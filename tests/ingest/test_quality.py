"""Each reason for which a row is no fix, and what only costs a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from geo.fix import TREATMENTS
from geo.settings import SourceSettings
from geo.timeline import to_us
from geo.vocabulary import Treatment
from ingest.fix_batch import FixBatch, RawBatch, ReadState
from ingest.quality import check
from ingest.quarantine import Why

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = {"vehicle": "S-17", "at": "2026-01-18T06:10:00+09:00", "lon": "136.65", "lat": "36.56"}
ISHIKAWA = (136.2, 36.0, 137.4, 37.9)


def _check(*rows: dict[str, Any], **settings: Any) -> tuple[FixBatch, ReadState]:
    state = ReadState()
    names = sorted({name for row in rows for name in row})
    columns = {name: pa.chunked_array([pa.array([row.get(name) for row in rows])]) for name in names}
    n = len(rows)
    raw = RawBatch(columns, np.arange(n) + 2, np.arange(n), lambda i: {"row": rows[i]})
    return check(raw, SourceSettings(**settings), NOW, state, "f.csv"), state


@pytest.mark.parametrize(
    ("change", "settings", "reason"),
    [
        ({"vehicle": None}, {}, Why.MISSING_VEHICLE),
        ({"vehicle": "　"}, {}, Why.MISSING_VEHICLE),
        ({"at": "soon"}, {}, Why.UNPARSABLE_TIME),
        ({"at": None}, {}, Why.UNPARSABLE_TIME),
        ({"at": "2016-11-06 01:30"}, {"timezone": "America/Chicago"}, Why.AMBIGUOUS_TIME),
        ({"at": "2026-01-18 06:10"}, {}, Why.UNPARSABLE_TIME),
        ({"at": "2026-02-01T00:05:01Z"}, {}, Why.FUTURE_TIME),
        ({"at": "2026-02-01T00:00:11Z"}, {"max_future_s": 10}, Why.FUTURE_TIME),
        ({"at": "1999-12-31T23:59:59Z"}, {}, Why.TOO_OLD),
        ({"at": "1970-01-01T00:00:00Z"}, {}, Why.TOO_OLD),
        ({"at": "2025-12-31T00:00:00Z"}, {"earliest_at": "2026-01-01T00:00:00Z"}, Why.TOO_OLD),
        ({"lon": "abc"}, {}, Why.NOT_A_NUMBER),
        ({"lat": None}, {}, Why.NOT_A_NUMBER),
        ({"lat": "nan"}, {}, Why.NOT_A_NUMBER),
        ({"lon": "inf"}, {}, Why.NOT_A_NUMBER),
        ({"lon": "0", "lat": "0"}, {}, Why.ZERO_POSITION),
        ({"lon": "0.001", "lat": "-0.002"}, {}, Why.ZERO_POSITION),
        ({"lon": "0", "lat": "0"}, {"crs": "EPSG:6675"}, Why.ZERO_POSITION),
        ({"lon": "36.56", "lat": "136.65"}, {}, Why.SWAPPED_COORDINATES),
        ({"lon": "36.56", "lat": "-136.65"}, {}, Why.SWAPPED_COORDINATES),
        ({"lon": "60.17", "lat": "24.94"}, {"area": (24, 60, 26, 61)}, Why.SWAPPED_COORDINATES),
        ({"lon": "181", "lat": "36"}, {}, Why.OUT_OF_RANGE),
        ({"lon": "136", "lat": "500"}, {}, Why.OUT_OF_RANGE),
        ({"lon": "139.7", "lat": "35.7"}, {"area": ISHIKAWA}, Why.OUTSIDE_AREA),
    ],
)
def test_each_bad_row_has_its_reason_and_the_good_ones_go_on(
    change: dict[str, Any], settings: dict[str, Any], reason: Why
) -> None:
    good = dict(GOOD)
    if settings.get("crs"):
        good |= {"lon": "-47000", "lat": "62000"}
    if "area" in settings and settings["area"] != ISHIKAWA:
        good |= {"lon": "24.94", "lat": "60.17"}
    batch, state = _check(good, good | change, good, **settings)
    assert [(r.reason, r.line, r.item) for r in state.rejects.rows] == [(reason, 3, 1)]
    assert state.rejects.rows[0].payload == {"row": good | change}
    assert (len(batch), state.n_read) == (2, 3)


def test_boundaries_are_kept() -> None:
    batch, state = _check(
        GOOD | {"at": "2026-02-01T00:05:00Z"},
        GOOD | {"at": "2000-01-01T00:00:00Z"},
        GOOD | {"lon": "-180", "lat": "90"},
    )
    assert (len(batch), len(state.rejects)) == (3, 0)


def test_a_week_rollover_is_told_from_a_clock_that_was_never_set() -> None:
    rolled = datetime(2026, 1, 18, tzinfo=UTC) - timedelta(weeks=1024)
    _, state = _check(GOOD | {"at": rolled.isoformat()}, earliest_at="2020-01-01T00:00:00Z")
    assert state.rejects.rows[0].reason == Why.TOO_OLD
    assert "week rolled over" in state.rejects.rows[0].detail


def test_a_plane_crs_and_full_width_digits() -> None:
    batch, _ = _check(GOOD | {"lon": "－４７０００", "lat": "６２０００"}, crs="EPSG:6675")
    assert batch.fixes.lon[0] == pytest.approx(136.6426, abs=0.01)
    assert batch.fixes.lat[0] == pytest.approx(36.5582, abs=0.01)


def test_names_of_vehicles_are_one_name_in_any_width() -> None:
    batch, _ = _check(GOOD | {"vehicle": "Ｓ－１７"}, GOOD | {"vehicle": " S-17 "}, GOOD | {"vehicle": "S-18"})
    assert batch.names == ("S-17", "S-18")
    assert batch.fixes.vehicle.tolist() == [0, 0, 1]


def test_optional_values_that_cannot_be_used_are_unknown_and_counted() -> None:
    rows = [
        GOOD | {"heading": h, "speed": s, "accuracy": a}
        for h, s, a in [
            ("90", "10", "5"),
            ("360", "0", "0"),
            ("511", "-1", "x"),
            ("north", "1000", "-3"),
            (None, "", None),
        ]
    ]
    batch, state = _check(*rows)
    assert len(batch) == 5
    np.testing.assert_array_equal(batch.fixes.heading_deg, [90, 0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(batch.fixes.speed_mps, [10, 0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(batch.fixes.accuracy_m, [5, 0, np.nan, np.nan, np.nan])
    assert dict(state.blanked) == {"heading": 2, "speed": 2, "accuracy": 2}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("true", 1),
        ("1", 1),
        ("作業中", 1),
        ("DOWN", 1),
        ("false", 0),
        ("0", 0),
        ("回送", 0),
        ("", -1),
        (None, -1),
        ("?", -1),
    ],
)
def test_a_flag_that_nobody_knows_is_unknown_and_never_work(word: str | None, expected: int) -> None:
    batch, state = _check(GOOD | {"blade": word}, GOOD | {"blade": "true"})
    assert batch.fixes.blade.tolist() == [expected, 1]
    assert state.unmapped.describe() == ({"blade": {"?": 1}} if word == "?" else {})


def test_flags_and_treatments_by_the_words_of_the_source() -> None:
    words = {"work": {"D1": "true", "D0": "false"}, "treatment": {"P": "fresh_snow_plowing"}}
    batch, state = _check(
        GOOD | {"work": "D1", "treatment": "P"}, GOOD | {"work": "D0", "treatment": "圧雪処理"},
        GOOD | {"work": "D9", "treatment": "なでる"}, GOOD | {"work": "D9", "treatment": None}, values=words,
    )  # fmt: skip
    assert batch.fixes.work.tolist() == [1, 0, -1, -1]
    found = [None if code < 0 else TREATMENTS[code] for code in batch.fixes.treatment]
    assert found == [Treatment.FRESH_SNOW_PLOWING, Treatment.COMPACTED_SNOW_REMOVAL, None, None]
    assert state.unmapped.describe() == {"treatment": {"なでる": 1}, "work": {"D9": 2}}


def test_typed_columns_need_no_text() -> None:
    at = datetime(2026, 1, 17, 21, 10, tzinfo=UTC)
    batch, _ = _check({"vehicle": 17, "at": at, "lon": 136.65, "lat": 36.56, "blade": True, "speed": 3})
    assert batch.names == ("17",)
    assert batch.fixes.at_us.tolist() == [to_us(at)]
    assert (batch.fixes.blade[0], batch.fixes.speed_mps[0]) == (1, 3.0)
