"""作業線: ready lines of a vendor, the second kind of input. Checked like fixes, written into raw.line.

A line has one time, that of its end, and the state of work of the whole. Its key is (source, vehicle, time, content):
several lines of one vehicle at one time are several pieces of work, and the same line again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, DatabaseProblem
from geo.fix import TREATMENTS
from geo.settings import SourceSettings
from geo.timeline import from_us
from ingest.fix_batch import RawBatch, ReadState
from ingest.live_write import Receipt
from ingest.load import Loaded, announce_batch, take_batch_id, vehicle_ids
from ingest.projection import Reference, inside, parse_crs, to_lonlat
from ingest.quality import ZERO_DEG, Judge, begin, is_swapped
from ingest.quarantine import Why
from ingest.register import Register
from ingest.rules import WorkSays, read_work

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Vertices of a line at most: a day's drive of one vehicle at one position a second.
VERTICES_MAX = 86_400
#: No statement of a live request waits longer; the sender may try again after so many seconds.
STATEMENT_S = 10
RETRY_AFTER_S = 3


@dataclass(frozen=True, slots=True)
class RawLines:
    """n lines as a reader delivers them, nothing checked.

    batch  their other columns: vehicle, at, and whatever tells of work
    xy     (k, 2) float64 vertices of each in the CRS of the source; None where there is no line
    """

    batch: RawBatch
    xy: tuple[Floats | None, ...]

    def __len__(self) -> int:
        return len(self.batch)


@dataclass(frozen=True, slots=True)
class LineBatch:
    """n checked lines.

    names    vehicles of the source
    vehicle  (n,) position in names
    at_us    (n,) microseconds since 1970: when the work ended
    lonlat   (k, 2) degrees of each, in the direction driven; neighbours differ
    work     what is known of the work of each
    """

    names: tuple[str, ...]
    vehicle: Ints
    at_us: Ints
    lonlat: tuple[Floats, ...]
    work: WorkSays

    def __len__(self) -> int:
        return len(self.at_us)


def check_lines(
    lines: RawLines,
    source: SourceSettings,
    now: datetime,
    state: ReadState,
    where: str,
    register: Register | None = None,
) -> LineBatch:
    """The lines that can be used; the others go to `state` with their reason, whole.

    Parameters and errors are those of ingest.quality.check. One vertex that cannot be used costs the line.
    """
    judge, names, code, at_us = begin(lines.batch, source, now, state, where, register)
    lonlat = _places(lines.xy, source, judge, where)
    wired = register.inputs(names, code, at_us) if register is not None else ()
    work = read_work(lines.batch, source, state, wired)
    keep = np.flatnonzero(judge.good)
    return LineBatch(names, code[keep], at_us[keep], tuple(lonlat[i] for i in keep.tolist()), work.select(keep))


def _places(xy: Sequence[Floats | None], source: SourceSettings, judge: Judge, where: str) -> list[Floats]:
    """Vertices in degrees without repeated ones; rows without a line that can be used are refused."""
    given = [np.zeros((0, 2)) if one is None else one for one in xy]
    judge.refuse(np.array([one is None for one in xy], np.bool_), Why.NO_GEOMETRY, "there is no line")
    length = np.array([len(one) for one in given], np.int64)
    judge.refuse(length < 2, Why.WRONG_GEOMETRY, "a line needs two vertices or more")
    judge.refuse(length > VERTICES_MAX, Why.WRONG_GEOMETRY, f"more than {VERTICES_MAX} vertices")
    whole = np.concatenate([*given, np.zeros((0, 2))])
    owner = np.repeat(np.arange(len(given)), length)

    def refuse(bad: Bools, reason: Why, detail: str) -> None:
        judge.refuse(np.bincount(owner[bad], minlength=len(given)) > 0, reason, detail)

    refuse(~np.isfinite(whole).all(axis=1), Why.NOT_FINITE, "a coordinate is no finite number")
    crs = None if source.crs is None else parse_crs(source.crs, where)
    x, y = whole[:, 0], whole[:, 1]
    lon, lat = (x, y) if crs is None else to_lonlat(x, y, Reference(crs, "given"))
    zero = (np.abs(lon) < ZERO_DEG) & (np.abs(lat) < ZERO_DEG)
    refuse(zero, Why.ZERO_POSITION, "a vertex is 0, 0: the receiver had no position")
    if crs is None or crs.is_geographic:
        refuse(is_swapped(lon, lat, source), Why.SWAPPED_COORDINATES, "longitude and latitude are swapped")
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    refuse(off, Why.OUT_OF_RANGE, "no longitude and latitude, or beyond the reach of the CRS")
    if source.area is not None:
        refuse(~inside(lon, lat, source.area), Why.OUTSIDE_AREA, "a vertex is outside the area of the source")
    # 1e-9 degrees are 0.1 mm: the same place gets the same bits on every machine
    places = np.split(np.round(np.column_stack([lon, lat]), 9) + 0.0, np.cumsum(length)[:-1])
    different = [_without_repeats(one) for one in places]
    judge.refuse(np.array([len(one) == 1 for one in different], np.bool_), Why.ZERO_LENGTH, "all vertices are the same")
    return different


def _without_repeats(places: Floats) -> Floats:
    if len(places) < 2:
        return places
    moved: Bools = np.append(True, (places[1:] != places[:-1]).any(axis=1))
    kept: Floats = places[moved]
    return kept


def line_keys(batch: LineBatch) -> Ints:
    """(n,) stable hashes of what each line says beside its vehicle and its time."""
    keys = []
    for i, places in enumerate(batch.lonlat):
        treatment = int(batch.work.treatment[i])
        word = "" if treatment < 0 else str(TREATMENTS[treatment])
        flags = bytes(int(flag[i]) + 1 for flag in (batch.work.blade, batch.work.spreader, batch.work.work))
        content = places.astype("<f8").tobytes() + flags + word.encode()
        keys.append(int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True))
    return np.array(keys, np.int64)


def load_lines(
    connection: psycopg.Connection[Row], batch: LineBatch, source_id: int, file_id: int | None = None
) -> Loaded:
    """Write lines and commit. Idempotent, and independent of the order in which batches come.

    connection  without an open transaction, as yuki_ingest
    file_id     the file it comes from; None for live lines
    Raises ConflictError inside an open transaction.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ConflictError("load_lines needs a connection without an open transaction.", hint="Commit before it.")
    if not len(batch):
        return Loaded()
    with connection.transaction():
        return write_lines(connection, batch, source_id, file_id)


def write_lines_live(database: Database, source_id: int, batch: LineBatch) -> Receipt:
    """Write lines by a connection of its own and commit; for a thread beside the event loop.

    Raises DatabaseProblem where the database is away or another writer of the source takes longer than STATEMENT_S.
    """
    try:
        with database.connect(Role.INGEST) as connection:
            connection.execute(read_sql("ingest", "set_statement_timeout"), {"milliseconds": str(STATEMENT_S * 1000)})
            connection.commit()
            loaded = load_lines(connection, batch, source_id)
    except psycopg.OperationalError as error:
        raise DatabaseProblem(
            "The database does not answer.", hint="Send the same again a little later.", retry_after_s=RETRY_AFTER_S
        ) from error
    return Receipt(loaded.n_accepted, loaded.n_repeated)


def write_lines(connection: psycopg.Connection[Row], batch: LineBatch, source_id: int, file_id: int | None) -> Loaded:
    """The same within the connection's transaction, of which it has to be the last statement."""
    connection.execute(read_sql("ingest", "lock_source_fixes"), {"source_id": source_id})
    batch_id = take_batch_id(connection)
    ids = vehicle_ids(connection, source_id, batch.names)
    flags = {name: _flags(getattr(batch.work, name)) for name in ("blade", "spreader", "work")}
    rows: dict[str, Any] = {
        "vehicle_ids": ids[batch.vehicle].tolist(),
        "ats": [from_us(value) for value in batch.at_us.tolist()],
        "content_keys": line_keys(batch).tolist(),
        "blades": flags["blade"],
        "spreaders": flags["spreader"],
        "works": flags["work"],
        "treatments": [None if code < 0 else str(TREATMENTS[code]) for code in batch.work.treatment.tolist()],
        "wkbs": [shapely.to_wkb(shapely.linestrings(places)) for places in batch.lonlat],
    }
    named = rows | {"file_id": file_id, "batch_id": batch_id}
    written = connection.execute(read_sql("ingest", "insert_lines"), named).fetchall()
    if written:
        announce_batch(connection, batch_id, "lines", batch.at_us)
    return Loaded(len(written), len(batch) - len(written))


def _flags(values: NDArray[np.int8]) -> list[bool | None]:
    return [None if value < 0 else bool(value) for value in values.tolist()]
