"""What a backup is made of on disk: a dump, files of `home`, a manifest with the hash of each. Its owner's alone.

DEST/manifest.json      versions, rows and content of every table, files with their SHA-256
DEST/database.dump      pg_dump, custom format
DEST/config.yml         the settings in use, for a person to compare
DEST/home/…             secret, networks, the simulated storm, the archive, rasters
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geo.errors import ConflictError, InputError, MissingInputError
from yukimichi.archive_files import file_sha256, make_private, sync_folder

#: Rises when the layout of a backup changes.
FORMAT = 1
DUMP = "database.dump"
CONFIG = "config.yml"
#: What of `home` cannot be made again from the database.
HOME_PARTS = ("secret", "networks", "storm", "archive", "rasters")
#: What only its owner may read when it is back in its place.
PRIVATE_PARTS = ("secret", "archive")


@dataclass(frozen=True, slots=True)
class TableContent:
    """Rows of a table, and a sum over what they say that does not depend on their order."""

    n: int
    content: str


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of the backup."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a backup holds and what made it. has_archive: the fixes of the archive too, not only its manifests."""

    made_at: str
    version: str
    postgresql: str
    postgis: str
    migrations: tuple[str, ...]
    has_archive: bool
    tables: dict[str, TableContent]
    files: dict[str, BackupFile]

    @property
    def n_bytes(self) -> int:
        """Of all files."""
        return sum(one.n_bytes for one in self.files.values())


def begin(dest: Path) -> Path:
    """An empty folder beside the place of the backup, to be renamed when all is there.

    Raises ConflictError where there is something at the place already.
    """
    made = dest.with_name(dest.name + ".partial")
    for place in (dest, made):
        if place.exists():
            raise ConflictError(
                f"{place} exists; a backup overwrites nothing.",
                hint="Name a new folder." if place == dest else "A backup was interrupted: delete that folder.",
            )
    make_private(made)
    return made


def home_files(home: Path, *, with_archive: bool) -> Iterator[Path]:
    """The files of `home` that belong into a backup, relative to it; not unfinished ones, named .…"""
    for part in HOME_PARTS:
        place = home / part
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            inner = file.relative_to(home)
            is_whole = file.is_file() and not any(word.startswith(".") for word in inner.parts)
            if is_whole and (with_archive or part != "archive" or file.suffix != ".parquet"):
                yield inner


def copy_private(source: Path, target: Path) -> None:
    """Copy a file, forced to disk, readable by its owner only."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        folder.chmod(0o700)
    with source.open("rb") as given, open(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as made:  # noqa: PTH123
        shutil.copyfileobj(given, made, 2**20)
        made.flush()
        os.fsync(made.fileno())


def describe(folder: Path) -> dict[str, BackupFile]:
    """Every file of an unfinished backup, by its path in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): BackupFile(file_sha256(file), file.stat().st_size) for file in files}


def finish(made: Path, dest: Path, manifest: BackupManifest) -> None:
    """Write the manifest and give the backup its name."""
    file = made / "manifest.json"
    told = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=1)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(told)
        stream.flush()
        os.fsync(stream.fileno())
    made.rename(dest)
    sync_folder(dest.parent)


def read_backup(source: Path) -> BackupManifest:
    """The manifest of a backup, every file compared with it.

    Raises MissingInputError where there is no backup, InputError where it is damaged or of another format.
    """
    try:
        told = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
        manifest = _manifest(told)
    except FileNotFoundError as error:
        raise MissingInputError(
            f"{source} holds no backup.", hint="Name the folder of one, with manifest.json."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{source}/manifest.json is damaged: {error}.", hint="Take another backup.") from error
    for name, wanted in manifest.files.items():
        file = source / name
        if not file.is_file() or file_sha256(file) != wanted.sha256:
            raise InputError(f"{file} is missing or damaged.", hint="Take another backup; nothing was restored.")
    return manifest


def _manifest(told: dict[str, Any]) -> BackupManifest:
    if told.pop("format") != FORMAT:
        raise ValueError(f"another format than {FORMAT}")
    told["tables"] = {name: TableContent(**one) for name, one in told["tables"].items()}
    told["files"] = {name: BackupFile(**one) for name, one in told["files"].items()}
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in told["files"]):
        raise ValueError("a file outside of the backup")
    return BackupManifest(**told | {"migrations": tuple(told["migrations"])})


def require_empty_home(home: Path) -> None:
    """Raise ConflictError where `home` holds anything that a backup would bring."""
    held = [part for part in HOME_PARTS if (home / part).exists()]
    if held:
        raise ConflictError(
            f"{home} holds {', '.join(held)}; a backup is restored into an empty place only.",
            hint="Name another `home` in config.yml, or delete all data with `yukimichi clean-data`.",
        )


def restore_home(source: Path, manifest: BackupManifest, home: Path) -> int:
    """Put the files of `home` back; how many."""
    names = [name for name in manifest.files if name.startswith("home/")]
    for name in names:
        inner = Path(name).relative_to("home")
        copy_private(source / name, home / inner)
        if inner.parts[0] not in PRIVATE_PARTS:
            (home / inner).chmod(0o644)
    for folder in {home / Path(name).relative_to("home").parent for name in names}:
        if folder != home and folder.relative_to(home).parts[0] not in PRIVATE_PARTS:
            folder.chmod(0o755)
    return len(names)
