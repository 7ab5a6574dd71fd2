"""File to file matching: rows, fractions along whole roads, counts that add up, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from geo.errors import InputError
from geo.settings import SourceSettings
from yukimichi.match_files import MatchFilesWish, match_files

UTM = "EPSG:32653"
ORIGIN = (700_000.0, 4_050_000.0)
UTC = SourceSettings(timezone="UTC")


def write_roads(folder: Path) -> Path:
    """A main road of 1 km drawn as one line, and a one-way side road from its middle."""
    x, y = ORIGIN
    lines = [LineString([(x, y), (x + 500, y), (x + 1000, y)]), LineString([(x + 500, y), (x + 500, y + 400)])]
    frame = gpd.GeoDataFrame({"road_id": ["main", "side"], "oneway": [False, True]}, geometry=lines, crs=UTM)
    file = folder / "roads.geojson"
    frame.to_crs(4326).to_file(file)
    return file


def write_fixes(folder: Path, xy: np.ndarray) -> Path:
    points = gpd.GeoSeries(gpd.points_from_xy(*(xy + ORIGIN).T), crs=UTM).to_crs(4326)
    at = pd.date_range("2026-01-15T00:00:00Z", periods=len(xy), freq="s")
    file = folder / "fixes.csv"
    pd.DataFrame({"vehicle": "P1", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "lon": points.x, "lat": points.y}).to_csv(
        file, index=False
    )
    return file


def drive() -> np.ndarray:
    """From 100 m along the main road to its middle, and up the side road, at 10 m/s."""
    return np.vstack(
        [
            np.column_stack([np.arange(100, 500, 10), np.zeros(40)]),
            np.column_stack([np.full(40, 500), np.arange(0, 400, 10)]),
        ]
    )


def wish(folder: Path, **others: object) -> MatchFilesWish:
    roads, fixes = write_roads(folder), write_fixes(folder, drive())
    return MatchFilesWish(roads, fixes, folder / "out.csv", policy="crossings", **others)  # type: ignore[arg-type]


def test_rows_are_stretches_of_the_roads_of_the_file(tmp_path: Path) -> None:
    stats = match_files(
        wish(tmp_path, out_fixes=tmp_path / "fixes.parquet", stats=tmp_path / "s.json"), fixes_source=UTC
    )
    rows = pd.read_csv(tmp_path / "out.csv")
    assert rows["road_id"].tolist() == ["main", "side"]
    assert rows["from_fraction"].tolist() == pytest.approx([0.1, 0.0], abs=0.01)
    assert rows["to_fraction"].tolist() == pytest.approx([0.5, 0.975], abs=0.01)
    assert not rows["reversed"].any()
    assert rows["status"].tolist() == ["matched", "matched"]
    assert rows["entered_at"][0] == "2026-01-15T00:00:00.000Z"
    fixes = pd.read_parquet(tmp_path / "fixes.parquet")
    assert len(fixes) == 80
    assert fixes["offset_m"].iloc[0] == pytest.approx(100, abs=1)
    assert json.loads((tmp_path / "s.json").read_text()) == stats
    assert stats["n_fixes"] == sum(stats["n_fixes_by_outcome"].values())
    assert stats["n_fixes_by_outcome"]["kept"] == stats["n_fixes_matched"] + stats["n_fixes_unmatched"]


def test_thinning_is_counted(tmp_path: Path) -> None:
    stats = match_files(wish(tmp_path, every_s=10.0), fixes_source=UTC)
    assert (stats["n_fixes_read"], stats["n_fixes"], stats["n_fixes_thinned_out"]) == (80, 8, 72)
    assert pd.read_csv(tmp_path / "out.csv")["road_id"].tolist() == ["main", "side"]


def test_online_says_of_each_fix_what_was_known_so_many_fixes_later(tmp_path: Path) -> None:
    asked = wish(tmp_path, online_lag=0, out_fixes=tmp_path / "fixes.csv")
    stats = match_files(asked, fixes_source=UTC)
    at_once = pd.read_csv(tmp_path / "fixes.csv")
    assert stats["n_fixes_matched"] == len(at_once) == 80
    match_files(wish(tmp_path, out_fixes=tmp_path / "fixes.csv"), fixes_source=UTC)
    whole = pd.read_csv(tmp_path / "fixes.csv")
    differs = np.flatnonzero(at_once["road_id"] != whole["road_id"])
    # only at the junction is the side road not known at once
    assert len(differs) <= 3
    assert set(differs) <= set(range(38, 44))
    match_files(wish(tmp_path, online_lag=40, out_fixes=tmp_path / "fixes.csv"), fixes_source=UTC)
    assert pd.read_csv(tmp_path / "fixes.csv")["road_id"].tolist() == whole["road_id"].tolist()
    rows = pd.read_csv(tmp_path / "out.csv")
    assert rows["road_id"].tolist() == ["main", "side"]
    assert rows["to_fraction"].tolist() == pytest.approx([0.5, 0.975], abs=0.01)


def test_fixes_outside_the_roads_are_an_unmatched_row(tmp_path: Path) -> None:
    asked = wish(tmp_path)
    write_fixes(tmp_path, drive() + (0.0, 9000.0))
    stats = match_files(asked, fixes_source=UTC)
    rows = pd.read_csv(tmp_path / "out.csv")
    assert rows["status"].tolist() == ["unmatched"]
    assert rows["road_id"].isna().all()
    assert stats["n_fixes_unmatched"] == 80


def test_a_format_that_is_none_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no format"):
        match_files(MatchFilesWish(tmp_path / "a", tmp_path / "b", tmp_path / "out.xls"))


def spoil(file: Path, change: str) -> None:
    """Spoils a file of fixes in one way."""
    table = pd.read_csv(file)
    if change == "one fix":
        table = table.head(1)
    elif change == "all equal":
        table.loc[:, ["lon", "lat"]] = table.loc[0, ["lon", "lat"]].to_numpy(float)
    elif change == "repeated rows":
        table = pd.concat([table, table])
    elif change == "times going back":
        table = table.iloc[::-1]
    elif change == "times mixed up":
        table = table.sample(frac=1.0, random_state=1)
    elif change == "no place":
        table.loc[3:6, "lon"] = np.nan
    elif change == "no number":
        table["lat"] = table["lat"].astype(object)
        table.loc[5, "lat"] = "north"
    elif change == "no such time":
        table.loc[4, "at"] = "2026-13-45T99:00:00Z"
    elif change == "other side of the earth":
        table.loc[20:24, "lon"] -= 170.0
    table.to_csv(file, index=False)


@pytest.mark.parametrize("is_online", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        "one fix",
        "all equal",
        "repeated rows",
        "times going back",
        "times mixed up",
        "no place",
        "no number",
        "no such time",
        "other side of the earth",
    ],
)
def test_bad_fixes_have_an_outcome_each_and_the_counts_add_up(tmp_path: Path, change: str, is_online: bool) -> None:
    asked = wish(tmp_path, out_fixes=tmp_path / "f.csv", stats=tmp_path / "s.json", online_lag=1 if is_online else None)
    n_clean = 80
    spoil(asked.fixes, change)
    n_rows = len(pd.read_csv(asked.fixes))
    match_files(asked, fixes_source=UTC)
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["n_fixes_read"] + stats["n_fixes_rejected"] == n_rows
    assert stats["n_fixes"] == stats["n_fixes_read"] == sum(stats["n_fixes_by_outcome"].values())
    kept = stats["n_fixes_by_outcome"]["kept"]
    assert stats["n_fixes_matched"] + stats["n_fixes_unmatched"] == kept
    assert len(pd.read_csv(tmp_path / "f.csv")) == kept
    rejected = {"no place": 4, "no number": 1, "no such time": 1}.get(change, 0)
    assert stats["n_fixes_rejected"] == rejected
    if change in ("repeated rows", "times going back", "times mixed up"):
        assert kept == n_clean
        assert pd.read_csv(tmp_path / "out.csv")["road_id"].tolist() == ["main", "side"]


def test_a_file_without_rows_says_so(tmp_path: Path) -> None:
    asked = wish(tmp_path)
    pd.read_csv(asked.fixes).head(0).to_csv(asked.fixes, index=False)
    with pytest.raises(InputError, match="no rows"):
        match_files(asked, fixes_source=UTC)


def test_roads_without_an_edge_say_so(tmp_path: Path) -> None:
    asked = wish(tmp_path)
    x, y = ORIGIN
    frame = gpd.GeoDataFrame({"road_id": ["dot"]}, geometry=[LineString([(x, y), (x, y)])], crs=UTM)
    frame.to_crs(4326).to_file(asked.roads)
    with pytest.raises(InputError, match="no usable road"):
        match_files(asked, fixes_source=UTC)
