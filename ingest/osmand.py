"""The OsmAnd protocol, as Traccar Client and phone trackers speak it.

Two forms (Traccar's documentation of the protocol): parameters in the query or in a form (id or deviceid, timestamp,
lat, lon or location, speed in knots, bearing or heading, accuracy, hdop, valid …), and the JSON of newer clients
({"device_id", "location": {"timestamp", "coords": {"latitude", …, "speed" in m/s}}}). Either gives one row of ours;
blade, spreader, work and treatment may stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.fix_batch import RawBatch, ReadState
from ingest.json_fixes import keep_objects, rows_to_raw
from ingest.quarantine import Why

#: International knot, exact: 1852 m an hour.
KNOT_MPS = 1852 / 3600
#: Range error of a receiver without corrections: accuracy = 5 m times HDOP, as for NMEA.
HDOP_M = 5.0
#: Parameters of one request; more is no fix.
PARAMETERS_MAX = 100
#: What our own trackers may add.
EXTRAS = ("blade", "spreader", "work", "treatment")
#: Parameters by which a sender says that the position is none.
FALSE = frozenset({"false", "0"})


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a form. Raises InputError for one that is none."""
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX))
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"The form cannot be read: {error}.", hint="Send it as UTF-8, with few fields.") from error


def row_of_parameters(given: Mapping[str, str]) -> dict[str, Any]:
    """One row of ours. Raises InputError without any id."""
    row: dict[str, Any] = {
        "vehicle": _vehicle(given.get("id") or given.get("deviceid")),
        "at": given.get("timestamp"),
        "lon": given.get("lon"),
        "lat": given.get("lat"),
        "heading": given.get("bearing") or given.get("heading"),
        "speed": _times(given.get("speed"), KNOT_MPS),
        "accuracy": given.get("accuracy") or _times(given.get("hdop"), HDOP_M),
    }
    pair = given.get("location", "").split(",")
    if row["lat"] is None and row["lon"] is None and len(pair) == 2:
        row |= {"lat": pair[0], "lon": pair[1]}
    if given.get("valid", "").lower() in FALSE:
        row["is_valid"] = False
    return row | {name: given[name] for name in EXTRAS if name in given}


def row_of_json(document: Any) -> dict[str, Any]:
    """One row of ours of the JSON of Traccar Client 9 and later. Raises InputError where it is no such document."""
    location = document.get("location") if isinstance(document, dict) else None
    coords = location.get("coords") if isinstance(location, dict) else None
    if not isinstance(location, dict) or not isinstance(coords, dict):
        raise InputError(
            "The JSON has no location with coords.",
            hint='Send {"device_id": "…", "location": {"timestamp": "…", "coords": {"latitude": …, "longitude": …}}}.',
        )
    row: dict[str, Any] = {
        "vehicle": _vehicle(document.get("device_id")),
        "at": location.get("timestamp"),
        "lon": coords.get("longitude"),
        "lat": coords.get("latitude"),
        "heading": coords.get("heading"),
        "speed": coords.get("speed"),
        "accuracy": coords.get("accuracy"),
    }
    extras = location.get("extras")
    given = extras if isinstance(extras, dict) else {}
    return row | {name: given[name] for name in EXTRAS if name in given}


def _vehicle(given: Any) -> Any:
    if given is None or given == "":
        raise InputError("The request names no device.", hint="Send id=… (or deviceid, or device_id in JSON).")
    return given


def _times(text: str | None, factor: float) -> float | str | None:
    """A number times a factor; what is no number stays as it is, and becomes unknown later."""
    try:
        return None if text is None else float(text) * factor
    except ValueError:
        return text


def standard(source: SourceSettings) -> SourceSettings:
    """The source as the protocol's own definitions leave it: fields, units and CRS are not the source's to say."""
    return source.model_copy(update={"fields": {}, "speed_unit": "m/s", "crs": None, "time_format": None})


def to_raw(row: dict[str, Any], source: SourceSettings, state: ReadState) -> RawBatch:
    """The row for ingest.quality.check; one that says itself that it is no position goes to `state`."""
    rows, items = keep_objects([row], state)
    if rows and row.pop("is_valid", True) is False:
        state.rejects.add(Why.NO_POSITION, "the sender says that the position is not valid", row, item=0)
        rows, items = [], []
    return rows_to_raw(rows, source, items=items, is_standard=True)
