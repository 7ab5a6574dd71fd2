"""A worker answers, says what went wrong, ends with its block; ours finds what the matcher finds."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from benchmarks.drives import traces_of
from benchmarks.peers.client import Client, PeerFailed, as_question
from benchmarks.peers.our_worker import BATCH, Matcher
from geo.fix import Fixes
from geo.matching.matcher import match


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    """An L of two roads of about 300 m; the second is drawn against the drive of `fixes`."""
    lines = [
        shapely.LineString([(136.600, 36.5), (136.6035, 36.5)]),
        shapely.LineString([(136.6035, 36.503), (136.6035, 36.5)]),
    ]
    table = gpd.GeoDataFrame({"road_id": [1, 2], "oneway": [False, False]}, geometry=lines, crs=4326)
    table.to_parquet(tmp_path / "roads.parquet")
    return tmp_path / "roads.parquet"


@pytest.fixture
def fixes() -> Fixes:
    lon = np.r_[np.linspace(136.600, 136.6035, 30), np.full(29, 136.6035)]
    lat = np.r_[np.full(30, 36.5), np.linspace(36.5001, 36.503, 29)]
    return Fixes.from_arrays(np.zeros(59), np.arange(59) * 2_000_000, lon, lat)


def test_our_worker_finds_the_route_that_the_matcher_finds(roads: Path, fixes: Fixes) -> None:
    matcher = Matcher()
    ready = matcher.prepare(str(roads))
    assert ready["cpu_s"] > 0
    assert ready["peak_rss_mb"] > 50
    matcher.open(str(roads))
    assert matcher.roads is not None
    found = matcher.match(**as_question(fixes), accuracy_m=None)["edges"]
    own = match(matcher.roads.network, matcher.roads.index, traces_of(fixes, matcher.roads.network))
    assert found == own.traversals.edge.tolist() == [0, 3]
    took = matcher.cpu(0.3, **as_question(fixes), accuracy_m=12.0)
    assert 0 < took["match_cpu_s"] < took["cpu_s"]
    assert took["cpu_s"] >= 0.3
    assert took["n"] % round(BATCH / len(fixes)) == 0


def test_a_client_asks_a_process_and_hears_of_errors() -> None:
    with Client(Path(sys.executable), "benchmarks.peers.our_worker") as client:
        assert client.ask("memory")["peak_rss_mb"] > 50
        with pytest.raises(PeerFailed, match=r"our_worker, open: .*nowhere\.parquet"):
            client.ask("open", roads="nowhere.parquet")
        assert client.ask("memory")["peak_rss_mb"] > 50, "an error does not end it"
    assert client.process.returncode == 0


def test_a_process_that_ends_is_no_answer() -> None:
    with Client(Path(sys.executable), "benchmarks.nowhere") as client:
        for _ in range(2):
            with pytest.raises(PeerFailed, match=r"nowhere ended with 1 at 'memory'"):
                client.ask("memory")
