"""Messages of Harja, the Finnish register of road works (tyokoneenseuranta): points and ready lines of machines.

Read is the request of the interface that contractors' systems write to: `otsikko` with sender and message id, and
`havainnot`, each with a machine (`tyokone.id`), a place (`sijainti`), a time (`havaintoaika`) and the tasks at hand
(`suoritettavatTehtavat`). A place is a point (`koordinaatit` with x, y) or a line (`viivageometria`, GeoJSON) in
ETRS-TM35FIN. An observation that says neither counts as a point without coordinates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.fix_batch import RawBatch, ReadState
from ingest.lines import RawLines

#: Plane coordinates of every Harja message.
CRS = "EPSG:3067"
#: Where the bounds of its schema lie (x 60,000–736,400 m, y 6,500,000–7,800,000 m), in degrees.
AREA = (15.0, 58.4, 33.3, 70.4)
#: Which part of an observation each field is, for reports.
FIELDS = {
    "vehicle": "tyokone.id",
    "at": "havaintoaika",
    "lon": "sijainti.koordinaatit.x",
    "lat": "sijainti.koordinaatit.y",
    "line": "sijainti.viivageometria",
    "heading": "suunta",
    "task": "suoritettavatTehtavat",
}


@dataclass(frozen=True, slots=True)
class HarjaMessage:
    """One message, nothing checked; `item` of every row is its number among the observations, from 0.

    message_id  as the sender counts; None where it does not say
    """

    message_id: int | str | None
    points: RawBatch
    lines: RawLines


def is_harja(path: Path) -> bool:
    """Whether the name of a file says JSON."""
    return path.suffix.lower() == ".json"


def as_harja(source: SourceSettings) -> SourceSettings:
    """The source with the CRS and the area that the format itself implies, where it names none."""
    return source.model_copy(update={"crs": source.crs or CRS, "area": source.area or AREA})


def parse_message(message: Any, where: str) -> HarjaMessage:
    """The observations of a message that was read from JSON, each as a row of points or of lines.

    Raises InputError for anything that is no message.
    """
    observations = message.get("havainnot") if isinstance(message, dict) else None
    if not isinstance(observations, list):
        raise InputError(
            f"{where}: this is no message of Harja: it has no list `havainnot`.",
            hint="Send the request of tyokoneenseuranta as it stands, with `otsikko` and `havainnot`.",
        )
    sent_as = _at(message, "otsikko", "viestintunniste", "id")
    message_id = sent_as if isinstance(sent_as, int | str) else None
    rows = [_inner(one) for one in observations]
    is_line = [isinstance(row.get("sijainti"), dict) and "viivageometria" in row["sijainti"] for row in rows]
    on_lines = [i for i, flag in enumerate(is_line) if flag]
    at_points = [i for i, flag in enumerate(is_line) if not flag]
    points = _batch(rows, at_points, message_id, observations)
    xs, ys = ([_number(_at(rows[i], "sijainti", "koordinaatit", axis)) for i in at_points] for axis in ("x", "y"))
    columns = points.columns | {"lon": _column(xs, pa.float64()), "lat": _column(ys, pa.float64())}
    coordinates = tuple(_vertices(_at(rows[i], "sijainti", "viivageometria")) for i in on_lines)
    return HarjaMessage(
        message_id,
        RawBatch(columns, points.line, points.item, points.payload),
        RawLines(_batch(rows, on_lines, message_id, observations), coordinates),
    )


def read_harja(
    path: Path, source: SourceSettings, state: ReadState, progress: Callable[[int], None]
) -> Iterator[RawBatch | RawLines]:
    """The points and the lines of a file that holds one message or a list of them. Raises InputError."""
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as JSON: {error}.", hint="Export it again.") from error
    state.mapping, state.encoding = dict(FIELDS), "utf-8 (file)"
    messages = data if isinstance(data, list) else [data]
    if not messages:
        raise InputError(f"{path}: the list holds no message.", hint="Export it again.")
    for message in messages:
        parsed = parse_message(message, str(path))
        if len(parsed.points):
            yield parsed.points
        if len(parsed.lines):
            yield parsed.lines
    progress(path.stat().st_size)


def _at(value: Any, *keys: str) -> Any:
    """The value under nested keys; None where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _inner(observation: Any) -> dict[str, Any]:
    inner = _at(observation, "havainto")
    return inner if isinstance(inner, dict) else {}


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list | bool) else _clean(str(value))


def _clean(text: str) -> str:
    """The text without the halves of characters that JSON may write and Unicode does not know."""
    return text.encode("utf-8", "replace").decode()


def _number(value: Any) -> float | None:
    """A number of JSON; NaN for anything else that is there."""
    if value is None:
        return None
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    except OverflowError:
        return float("nan")


def _tasks(value: Any) -> list[str] | None:
    return [_clean(str(one)) for one in value] if isinstance(value, list) else None


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def _batch(
    rows: Sequence[Mapping[str, Any]], which: Sequence[int], message_id: int | str | None, whole: Sequence[Any]
) -> RawBatch:
    """What points and lines have in common, for the observations at these positions."""
    columns = {
        "vehicle": _column([_text(_at(rows[i], "tyokone", "id")) for i in which], pa.string()),
        "at": _column([_text(rows[i].get("havaintoaika")) for i in which], pa.string()),
        "heading": _column([_number(rows[i].get("suunta")) for i in which], pa.float64()),
        "task": _column([_tasks(rows[i].get("suoritettavatTehtavat")) for i in which], pa.list_(pa.string())),
    }
    item = np.array(which, np.int64)

    def payload(i: int) -> dict[str, Any]:
        return {"message": message_id, "index": which[i], "observation": whole[which[i]]}

    return RawBatch(columns, np.full(len(which), -1, np.int64), item, payload)


def _vertices(geometry: Any) -> NDArray[np.float64] | None:
    """(k, 2) vertices of a GeoJSON LineString, heights left out; NaN where a number is none; None for no LineString."""
    coordinates = _at(geometry, "coordinates")
    if _at(geometry, "type") != "LineString" or not isinstance(coordinates, list):
        return None
    pairs = [one if isinstance(one, list) and len(one) >= 2 else [None, None] for one in coordinates]
    numbers = [[_number(pair[0]), _number(pair[1])] for pair in pairs]
    return np.array(numbers, np.float64).reshape(-1, 2)
