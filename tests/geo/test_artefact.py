"""Arrays on disk: what comes back is what was saved, or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from geo import artefact
from geo.network import ARRAYS, Network
from geo.roads import road_table
from geo.topology import build_pieces, to_network


@pytest.fixture
def network() -> Network:
    lines = [shapely.LineString([(0, 0), (50, 5), (100, 0)]), shapely.LineString([(100, 0), (100, 80)])]
    return to_network(build_pieces(road_table(lines), "endpoints", 0.5), 6675, version=4)


def test_round_trip(network: Network, tmp_path: Path) -> None:
    sha256 = artefact.save(network, tmp_path)
    assert sha256 == artefact.digest(network)
    loaded = artefact.load(tmp_path, 4, sha256)
    assert loaded is not None
    assert (loaded.version, loaded.crs_epsg) == (4, 6675)
    for name in ARRAYS:
        was, now = getattr(network, name), getattr(loaded, name)
        assert (now.dtype, now.shape) == (was.dtype, was.shape)
        assert np.array_equal(was, now)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["4"]


def test_writing_into_loaded_arrays_does_not_change_the_files(network: Network, tmp_path: Path) -> None:
    sha256 = artefact.save(network, tmp_path)
    loaded = artefact.load(tmp_path, 4, sha256)
    assert loaded is not None
    loaded.speed_mps[:] = 0
    again = artefact.load(tmp_path, 4, sha256)
    assert again is not None
    assert np.array_equal(again.speed_mps, network.speed_mps)


def test_saving_again_replaces_the_whole(network: Network, tmp_path: Path) -> None:
    artefact.save(network, tmp_path)
    (tmp_path / "4" / "stray.npy").write_bytes(b"")
    sha256 = artefact.save(network, tmp_path)
    assert not (tmp_path / "4" / "stray.npy").exists()
    assert artefact.load(tmp_path, 4, sha256) is not None


def test_anything_else_is_none(network: Network, tmp_path: Path) -> None:
    sha256 = artefact.save(network, tmp_path)
    assert artefact.load(tmp_path, 5, sha256) is None
    assert artefact.load(tmp_path, 4, bytes(32)) is None
    file = tmp_path / "4" / "node_xy.npy"
    whole = file.read_bytes()
    for damaged in (whole[:-3], b"", b"no array", whole[:-8] + bytes(8)):
        file.write_bytes(damaged)
        assert artefact.load(tmp_path, 4, sha256) is None
    file.unlink()
    assert artefact.load(tmp_path, 4, sha256) is None
    (tmp_path / "4" / "network.json").write_text('{"format": 0}')
    assert artefact.load(tmp_path, 4, sha256) is None
