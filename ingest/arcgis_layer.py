"""What a layer of a Feature Service says of itself, as far as polling needs it (ArcGIS REST API, "Layer / Table").

Layers of a Map Service answer in the same way, and older servers put paging at the top instead of under
advancedQueryCapabilities; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from geo.errors import ConfigError, InputError, MissingInputError
from geo.settings_feeds import ArcgisSettings

#: maxRecordCount where a layer does not say it: the default of ArcGIS Server before 10.9.
RECORDS_DEFAULT = 1_000
#: Clocks of the world differ from UTC by -12 to +14 hours; a literal on the latest of them names no later moment.
SLOWEST_CLOCK = timedelta(hours=-12)
OID, DATE = "esriFieldTypeOID", "esriFieldTypeDate"
#: Geometry types that fit a kind; None: a table.
SHAPES: Mapping[str, set[str | None]] = {
    "vehicles": {"esriGeometryPoint", None},
    "roads": {"esriGeometryPolyline"},
    "closures": {
        "esriGeometryPoint", "esriGeometryMultipoint", "esriGeometryPolyline", "esriGeometryPolygon",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer to be polled.

    fields         name to Esri type, in their order
    geometry_type  None: a table
    edit_field     the date field that rises with each edit; None: there is none
    edit_zone      clock on which the server reads a date in `where` for it; None: a zone that it names in a way we
                   cannot read
    has_unknown_zone  the dates are wall clock times of a zone that the server does not know
    """

    name: str
    object_id_field: str
    global_id_field: str | None
    fields: Mapping[str, str]
    geometry_type: str | None
    page_size: int
    has_paging: bool
    edit_field: str | None
    edit_zone: tzinfo | None
    has_unknown_zone: bool

    def since(self, moment: datetime) -> str:
        """SQL that holds for edits at or after a moment, to the second before it; perhaps for some earlier ones."""
        if self.edit_zone is None:
            clock = moment.astimezone(UTC) + SLOWEST_CLOCK
        else:
            clock = moment.astimezone(self.edit_zone)
        return f"{self.edit_field} >= timestamp '{clock:%Y-%m-%d %H:%M:%S}'"


def read_layer(described: Mapping[str, Any], settings: ArcgisSettings) -> Layer:
    """The layer that an answer describes. Raises InputError or ConfigError where it cannot be polled as set."""
    url = settings.url
    _require_layer(described, url)
    fields = {str(f["name"]): str(f["type"]) for f in _objects(described.get("fields")) if f.keys() >= {"name", "type"}}
    shape = str(described["geometryType"]) if described.get("geometryType") else None
    if shape not in SHAPES[settings.kind]:
        raise InputError(
            f"{url}: {settings.kind} cannot be taken from a layer of {shape or 'no geometry'}.",
            hint="Name another layer of the service, or another kind.",
        )
    edit_field = _edit_field(described, settings, fields)
    return Layer(
        name=str(described.get("name") or url),
        object_id_field=_object_id_field(described, settings, fields),
        global_id_field=_named(described.get("globalIdField"), fields),
        fields=fields,
        geometry_type=shape,
        page_size=min(settings.page_size, _positive(described.get("maxRecordCount")) or RECORDS_DEFAULT),
        has_paging=_has_paging(described),
        edit_field=edit_field,
        edit_zone=_edit_zone(described, edit_field),
        has_unknown_zone=described.get("datesInUnknownTimezone") is True,
    )


def _require_layer(described: Mapping[str, Any], url: str) -> None:
    kind = described.get("type")
    if kind in ("Feature Layer", "Table"):
        able = {word.strip().lower() for word in str(described.get("capabilities") or "Query").split(",")}
        if not able & {"query", "data"}:  # a Map Service calls it Data
            raise InputError(f"{url}: the layer cannot be queried.", hint="Ask its owner to allow Query.")
        return
    inner = [*_objects(described.get("layers")), *_objects(described.get("subLayers"))]
    named = ", ".join(f"{one.get('id')} ({one.get('name')})" for one in inner)
    if named:
        raise MissingInputError(f"{url}: not a layer but a group of layers: {named}.", hint="Add the number of one.")
    raise InputError(
        f"{url}: no layer of a Feature Service ({kind or 'no type'}).", hint="`url` ends like …/FeatureServer/0."
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _named(name: Any, fields: Mapping[str, str]) -> str | None:
    """The field of that name, compared without case as SQL does."""
    return next((field for field in fields if field.lower() == str(name).lower()), None) if name else None


def _chosen(name: str, key: str, fields: Mapping[str, str], url: str) -> str:
    found = _named(name, fields)
    if found is None:
        raise ConfigError(f"{url}: {key} {name!r} is no field of the layer.", hint=f"It has {', '.join(fields)}.")
    return found


def _object_id_field(described: Mapping[str, Any], settings: ArcgisSettings, fields: Mapping[str, str]) -> str:
    if settings.object_id_field:
        return _chosen(settings.object_id_field, "object_id_field", fields, settings.url)
    found = _named(described.get("objectIdField"), fields)
    found = found or next((name for name, kind in fields.items() if kind == OID), None)
    if found is None:
        raise InputError(f"{settings.url}: the layer names no object id.", hint="Set object_id_field of the source.")
    return found


def _has_paging(described: Mapping[str, Any]) -> bool:
    advanced = _object(described.get("advancedQueryCapabilities"))
    return advanced.get("supportsPagination", described.get("supportsPagination")) is True


def _edit_field(described: Mapping[str, Any], settings: ArcgisSettings, fields: Mapping[str, str]) -> str | None:
    if settings.edit_field:
        found = _chosen(settings.edit_field, "edit_field", fields, settings.url)
        if fields[found] != DATE:
            raise ConfigError(
                f"{settings.url}: edit_field {found!r} is {fields[found]} and not {DATE}.", hint="Name a date field."
            )
        return found
    return _named(_object(described.get("editFieldsInfo")).get("editDateField"), fields)


def _edit_zone(described: Mapping[str, Any], edit_field: str | None) -> tzinfo | None:
    """The clock on which the server reads dates in `where`: UTC unless it names another one.

    Dates of an unknown zone come as if they were UTC and are compared so, too.
    """
    tracking = _object(described.get("editFieldsInfo"))
    is_tracked = str(tracking.get("editDateField", "")).lower() == (edit_field or "").lower()
    where = tracking if is_tracked else described
    reference = _object(where.get("dateFieldsTimeReference"))
    name = reference.get("timeZoneIANA") or reference.get("timeZone")
    if not name or str(name).upper() in ("UTC", "ETC/UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):  # KeyError: no such zone; Windows has names of its own
        return None
