"""Files as they are delivered: do they exist, what belongs to them, and the hash that makes one a repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from geo.errors import InputError, MissingInputError

#: Parts of a shapefile that change what it means; .shx and .qix follow from them.
SHAPEFILE_PARTS = (".shp", ".dbf", ".prj", ".cpg")
CHUNK = 1 << 20


def require(path: Path) -> Path:
    """The path, if something is there. Raises MissingInputError that names what lies near."""
    if path.exists():
        return path
    folder = path.parent
    if not folder.is_dir():
        raise MissingInputError(f"{path}: no such file; its folder does not exist either.", hint="Correct the path.")
    same = sorted(other.name for other in folder.iterdir() if other.stem == path.stem)
    hint = f"The folder has {', '.join(same)}." if same else "Correct the path."
    raise MissingInputError(f"{path}: no such file.", hint=hint)


def part_of(path: Path, suffix: str) -> Path | None:
    """The neighbour of a shapefile with another suffix, in whatever case it is written; None if there is none."""
    wanted = path.stem.lower() + suffix
    return next((other for other in sorted(path.parent.iterdir()) if other.name.lower() == wanted), None)


def members(path: Path) -> list[Path]:
    """All files that make up what the path names: one file, the parts of a shapefile, or the content of a folder."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.endswith(".lock"))
    if path.suffix.lower() == ".shp":
        return [file for suffix in SHAPEFILE_PARTS if (file := part_of(path, suffix)) is not None]
    return [path]


def digest(path: Path) -> bytes:
    """SHA-256 over the bytes of all members, each with its length. Raises MissingInputError."""
    total = hashlib.sha256()
    for file in members(require(path)):
        with file.open("rb") as stream:
            one = hashlib.file_digest(stream, "sha256")
        total.update(one.digest())
    return total.digest()


def digest_of_set(paths: Iterable[Path]) -> bytes:
    """SHA-256 of several files together; their order does not matter."""
    return hashlib.sha256(b"".join(sorted(digest(path) for path in paths))).digest()


def digest_of_settings(settings: Mapping[str, Any]) -> bytes:
    """SHA-256 of settings that change what the same bytes mean."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).digest()


def size_of(path: Path) -> int:
    """Bytes of all members together, for progress."""
    return sum(file.stat().st_size for file in members(path))


def refuse_empty(path: Path) -> None:
    """Raises InputError for a file of no bytes."""
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty.", hint="Export or copy it again.")
