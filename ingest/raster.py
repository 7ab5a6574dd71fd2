"""Rasters from files into home/rasters and raw.raster: one a raster_id, the newest takes the place of the former one.

The file is on disk as a whole before a row names it, and what no row names is swept away afterwards, so a crash at any
moment leaves a raster that is served, or none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.vocabulary import RasterKind
from ingest.files import digest, refuse_empty, require
from ingest.raster_check import Facts, facts_of, opened
from ingest.raster_cog import Cog, Progress, make_cog

#: Raise it when the same file would become another one: then no earlier delivery counts as a repeat.
READER_VERSION = 1
ID = re.compile(r"[a-z][a-z0-9_-]{0,62}")
TEXT_MAX = 500
#: Pages of licences by their names. Others name theirs.
LICENCES: Mapping[str, str] = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "PDL1.0": "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0",
}


@dataclass(frozen=True, slots=True)
class RasterWish:
    """What a person says of a raster.

    style_of  chooses the style from bands, type and unit of the values; raises InputError where one does not fit
    unit, nodata  as in ingest.raster_check.facts_of
    """

    raster_id: str
    kind: RasterKind
    title: str
    title_ja: str
    licence: str
    attribution: str
    taken_at: datetime
    style_of: Callable[[int, str, str | None], str]
    style: str | None = None
    licence_url: str | None = None
    unit: str | None = None
    nodata: str | None = None
    synthetic: bool = False

    def told(self) -> dict[str, Any]:
        """The words as JSON can say them; the same words on the same bytes make a repeat."""
        names = ("raster_id", "kind", "title", "title_ja", "licence", "licence_url", "attribution", "style", "unit",
                 "nodata", "synthetic")  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"taken_at": self.taken_at.isoformat()}


@dataclass(frozen=True, slots=True)
class RasterReport:
    """What became of a file. n_unusable: pixels with a value that cannot be, which count as unknown."""

    raster_id: str
    is_repeat: bool
    kind: str
    style: str
    crs: str
    width: int
    height: int
    n_bands: int
    dtype: str
    pixel_m: float
    n_bytes: int
    known_share: float | None
    n_unusable: int | None
    replaced: str | None


def check_wish(wish: RasterWish, now: datetime) -> RasterWish:
    """The wish with the page of its licence. Raises InputError naming the option that cannot be."""
    if not ID.fullmatch(wish.raster_id):
        raise InputError(
            f"--id {wish.raster_id[:80]!r} is no id of a raster.",
            hint="Use small letters, digits, - and _, a letter first, at most 63.",
        )
    for name in ("title", "title_ja", "licence", "attribution"):
        text = str(getattr(wish, name))
        if not text.strip() or len(text) > TEXT_MAX or not text.isprintable():
            raise InputError(f"--{name.replace('_', '-')} has to be a line of 1 to {TEXT_MAX} characters.")
    if wish.taken_at > now:
        raise InputError(f"--taken-at {wish.taken_at.isoformat()} lies in the future.", hint="Correct it.")
    address = wish.licence_url or LICENCES.get(wish.licence)
    if address is not None and urlsplit(address).scheme not in ("http", "https"):
        raise InputError(f"--licence-url {address!r} is no web address.", hint="Write it with https://.")
    return replace(wish, licence_url=address)


def ingest_raster(
    database: Database, path: Path, folder: Path, wish: RasterWish, now: datetime, *, most_mpx: float,
    progress: Progress,
) -> RasterReport:  # fmt: skip
    """Take in one file as the raster of an id; `folder` is settings.rasters_dir.

    The same file with the same words is a repeat and changes nothing. Raises InputError, TooLargeError (nothing is
    kept then), ConflictError while another process takes in the same id, EnvironmentProblem, DatabaseProblem.
    """
    wish = check_wish(wish, now)
    refuse_empty(require(path))
    told = json.dumps(wish.told() | {"reader": READER_VERSION}, sort_keys=True, ensure_ascii=False)
    with database.connect(Role.INGEST) as connection, _alone(connection, wish.raster_id):
        sha256 = hashlib.sha256(digest(path) + told.encode()).digest()
        held = _held(connection, wish.raster_id)
        own = folder / wish.raster_id
        if held is not None and held["source_sha256"] == sha256 and (own / f"{held['content_key']}.tif").is_file():
            return _report(held, None, held["content_key"], is_repeat=True)
        with opened(path) as raster:
            facts = facts_of(raster, path, wish.kind, wish.unit, wish.nodata, most_mpx)
            style = wish.style_of(facts.n_bands, facts.dtype, facts.unit)
            size = raster.width, raster.height
            cog = make_cog(raster, path, wish.kind, facts, own, progress)
        row = _row(wish, facts, cog, style, size) | {"file_name": path.name, "source_sha256": sha256}
        connection.execute(read_sql("ingest", "upsert_raster"), row)
        connection.commit()
        return _report(row, cog, None if held is None else held["content_key"], is_repeat=False)


def _row(wish: RasterWish, facts: Facts, cog: Cog, style: str, size: tuple[int, int]) -> dict[str, Any]:
    west, south, east, north = facts.box
    row: dict[str, Any] = {
        "raster_id": wish.raster_id, "kind": wish.kind.value, "title": wish.title, "title_ja": wish.title_ja,
        "licence": wish.licence, "licence_url": wish.licence_url, "attribution": wish.attribution,
        "taken_at": wish.taken_at, "style": style, "stretch": cog.stretch and list(cog.stretch),
        "synthetic": wish.synthetic, "content_key": cog.content_key, "n_bytes": cog.n_bytes, "width": size[0],
        "height": size[1], "n_bands": facts.n_bands, "dtype": cog.dtype, "nodata": cog.nodata, "unit": facts.unit,
        "crs": facts.crs, "west": west, "south": south, "east": east, "north": north, "pixel_m": facts.pixel_m,
    }  # fmt: skip
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return row | {"row_key": hashlib.sha256(text.encode()).hexdigest()}


def _report(row: Mapping[str, Any], cog: Cog | None, former: str | None, *, is_repeat: bool) -> RasterReport:
    names = ("raster_id", "kind", "style", "crs", "width", "height", "n_bands", "dtype", "pixel_m", "n_bytes")
    share = None if cog is None else cog.n_known / (row["width"] * row["height"])
    return RasterReport(
        **{name: row[name] for name in names}, is_repeat=is_repeat, known_share=share,
        n_unusable=None if cog is None else cog.n_unusable, replaced=None if is_repeat else former,
    )  # fmt: skip


def _held(connection: psycopg.Connection[Row], raster_id: str) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(read_sql("ingest", "read_raster"), {"raster_id": raster_id}).fetchone()
    connection.commit()
    return found


@contextlib.contextmanager
def _alone(connection: psycopg.Connection[Row], raster_id: str) -> Iterator[None]:
    """One process at a time changes a raster; the lock ends with the session, so a killed one leaves none."""
    locked = connection.execute(read_sql("ingest", "lock_raster"), {"raster_id": raster_id}).fetchone()
    connection.commit()
    if locked != (True,):
        raise ConflictError(f"The raster {raster_id} is being changed by another process.", hint="Wait for its end.")
    yield


def remove_raster(database: Database, raster_id: str) -> None:
    """Forget a raster; `sweep` deletes its files once nobody is told of it any more. Raises NotFoundError."""
    with database.connect(Role.INGEST) as connection, _alone(connection, raster_id):
        if connection.execute(read_sql("ingest", "delete_raster"), {"raster_id": raster_id}).rowcount == 0:
            raise NotFoundError(f"No raster {raster_id[:80]!r}.", hint="See `yukimichi rasters list`.")


def sweep(database: Database, folder: Path, raster_id: str) -> list[Path]:
    """Delete the files of a raster that no row names: former ones, and what an interrupted run left."""
    if not ID.fullmatch(raster_id):
        raise InputError(f"{raster_id[:80]!r} is no id of a raster.")
    own = folder / raster_id
    with database.connect(Role.INGEST) as connection, _alone(connection, raster_id):
        held = _held(connection, raster_id)
        kept = None if held is None else f"{held['content_key']}.tif"
        gone = [file for file in own.glob("*") if file.name != kept] if own.is_dir() else []
        for file in gone:
            file.unlink(missing_ok=True)
        if held is None and own.is_dir():
            own.rmdir()
    return gone


def read_rasters(database: Database) -> list[dict[str, Any]]:
    """The rasters that stand, by id."""
    with database.connect(Role.INGEST) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("ingest", "read_rasters")).fetchall()
