"""The arrays of a network version on disk: one .npy file an array, read by memory mapping.

A folder `<network_version>/` holds the arrays of geo.network.ARRAYS and `network.json`. It is written beside its place
and moved there, so that a reader finds a whole one or none. Its hash is in net.version; it can be built again from the
rows of net.piece.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.network import ARRAYS, Network

#: Rises when the arrays or their meaning change; an artefact of another format is built again.
FORMAT = 1


def digest(network: Network) -> bytes:
    """SHA-256 of format, version, CRS and all the arrays with their types and shapes."""
    content = hashlib.sha256(f"{FORMAT} {network.version} {network.crs_epsg}".encode())
    for name in ARRAYS:
        array: NDArray[Any] = getattr(network, name)
        content.update(f"{name} {array.dtype.str} {array.shape}".encode())
        content.update(np.ascontiguousarray(array).data)
    return content.digest()


def save(network: Network, folder: Path) -> bytes:
    """Write the artefact to `folder/<version>/`, in place of one that is there; its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / str(network.version)
    made = Path(tempfile.mkdtemp(prefix=f".{network.version}-", dir=folder))
    try:
        for name in ARRAYS:
            np.save(made / f"{name}.npy", getattr(network, name), allow_pickle=False)
        about = {"format": FORMAT, "version": network.version, "crs_epsg": network.crs_epsg}
        (made / "network.json").write_text(json.dumps(about), encoding="utf-8")
        made.chmod(0o755)
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=folder))
        if place.exists():
            place.replace(old / place.name)
        made.replace(place)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return digest(network)


def load(folder: Path, version: int, expected: bytes) -> Network | None:
    """The network of a version; None where the artefact is missing, unreadable, or not the one of this hash.

    The arrays are mapped copy-on-write: many processes share the pages and none can change the files.
    """
    place = folder / str(version)
    try:
        about = json.loads((place / "network.json").read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            return None
        arrays = {name: _mapped(place / f"{name}.npy") for name in ARRAYS}
        network = Network(version=int(about["version"]), crs_epsg=int(about["crs_epsg"]), **arrays)
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return network if digest(network) == expected else None


def _mapped(file: Path) -> NDArray[Any]:
    array = np.load(file, mmap_mode="c", allow_pickle=False)
    return np.asarray(array)
