"""Transit feeds (GTFS, GTFS-JP) into raw.plan: the feed, its stops, its routes and what its buses drive.

One call is one delivery; it takes the place of the feed that its source delivered before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import psycopg
import shapely

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import quarantine
from ingest.files import digest, digest_of_settings, require
from ingest.gtfs_check import Checked, check_feed
from ingest.gtfs_days import JAPAN, Days, service_days
from ingest.gtfs_patterns import Service, service_of
from ingest.gtfs_tables import Feed, read_feed
from ingest.gtfs_words import Words
from ingest.place_checks import Box, area_around_roads
from ingest.plan_rows import PlanRow
from ingest.plans import plan_table
from ingest.quarantine import Rejects
from ingest.registry import Counts, complete, opened_file, register_source
from ingest.road_rows import copy_table, json_of

#: Raise it when the same feed would be read into other rows.
READER_VERSION = 1
#: What a feed becomes in raw.plan.
KINDS = ("bus_feed", "bus_stops", "bus_routes", "bus_patterns")


@dataclass(frozen=True, slots=True)
class GtfsReport:
    """What became of a feed.

    counts      rows of its tables: read, taken, quarantined
    days        the weekday, Saturday and Sunday that stand for all of their kind
    is_expired  whether its last day is over, where the feed is; None: it does not tell its last day
    notes       what looks odd and was kept, in words
    """

    source: str
    file_id: int
    is_repeat: bool
    is_changed: bool
    counts: Counts
    feed: dict[str, Any]
    days: list[str | None]
    n_stops: int
    n_routes: int
    n_patterns: int
    n_patterns_from_stops: int
    is_expired: bool | None
    quarantined: dict[str, int]
    notes: list[str] = field(default_factory=list)


def ingest_gtfs(
    database: Database, path: Path, source_name: str, source: SourceSettings, now: datetime, *,
    licence: str | None = None, attribution: str | None = None, margin_deg: float = 0.5,
) -> GtfsReport:  # fmt: skip
    """Take in one feed, a zip file or a folder, in one transaction. The same one again writes nothing.

    Raises InputError for what is no feed, ConflictError, DatabaseProblem.
    """
    chosen = {**source.model_dump(mode="json", include={"encoding", "area", "synthetic"}), "licence": licence}
    settings = digest_of_settings(chosen | {"attribution": attribution, "reader": READER_VERSION, "as": source_name})
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        sha256 = digest(require(path))
        with opened_file(connection, source_id, "gtfs", path.name, sha256, settings) as delivery:
            report, counts = delivery.report, delivery.counts
            if counts is None:
                rejects = Rejects()
                area = source.area or area_around_roads(connection, margin_deg)
                said = {"licence": licence, "attribution": attribution, "synthetic": source.synthetic}
                rows, report, n_read = read_gtfs(path, source.encoding, area, said, rejects)
                _write(connection, delivery.file_id, rows)
                quarantine.store(connection, delivery.file_id, source_id, "gtfs", rejects.rows)
                counts = Counts(n_read, n_read - len(rejects), 0, len(rejects))
            is_changed = _stand(connection, source_id, delivery.file_id)
            if delivery.counts is None:
                complete(connection, delivery, counts, report)
    return GtfsReport(
        source=source_name, file_id=delivery.file_id, is_repeat=delivery.is_complete, is_changed=is_changed,
        counts=counts, is_expired=_is_expired(report["feed"], now), **report,
    )  # fmt: skip


def _stand(connection: psycopg.Connection[Row], source_id: int, file_id: int) -> bool:
    """Make a delivery the feed of its source; whether it was not before."""
    named = [{"source_id": source_id, "kind": kind, "layer": kind, "file_id": file_id} for kind in KINDS]
    done = [connection.execute(read_sql("ingest", "set_plan_set"), one).fetchone() for one in named]
    return any(row is not None for row in done)


def _write(connection: psycopg.Connection[Row], file_id: int, rows: dict[str, list[PlanRow]]) -> None:
    for kind, part in rows.items():
        if part:
            copy_table(connection, "copy_plan", plan_table(part, file_id, kind, kind))


def read_gtfs(
    path: Path, encoding: str | None, area: Box | None, said: dict[str, Any], rejects: Rejects
) -> tuple[dict[str, list[PlanRow]], dict[str, Any], int]:
    """(rows of raw.plan by kind, the report as it is kept, rows read) of a feed, without any database.

    said  licence, attribution and synthetic of all rows. Raises InputError where nothing of it can be used.
    """
    feed = read_feed(path, encoding, rejects)
    n_read = sum(len(table) for table in feed.tables.values()) + len(rejects)
    checked = check_feed(feed, area, rejects)
    about = _about(feed)
    days = service_days(checked, about["timezone"])
    service = service_of(checked, days)
    if not service.patterns:
        raise InputError(
            f"{path}: not one usable trip; reasons: {rejects.by_reason()}.", hint="See `yukimichi ingest quarantine`."
        )
    rows = _rows(feed, checked, service, about | said)
    report = {
        "feed": about, "days": [None if day is None else day.isoformat() for day in days.chosen],
        "n_stops": len(rows["bus_stops"]), "n_routes": len(rows["bus_routes"]),
        "n_patterns": len(service.patterns),
        "n_patterns_from_stops": sum(not pattern.is_shape for pattern in service.patterns),
        "quarantined": rejects.by_reason(), "notes": _notes(checked, service, days),
    }  # fmt: skip
    return rows, report, n_read


def _about(feed: Feed) -> dict[str, Any]:
    """Version, validity, operators and zone of a feed; None where it is silent."""
    info = feed.get("feed_info").to_dict("records")[:1]
    first = {key: None if pd.isna(value) else str(value) for key, value in (info[0] if info else {}).items()}
    agencies = feed.get("agency")
    zone = str(agencies["agency_timezone"].dropna().iloc[0]) if agencies["agency_timezone"].notna().any() else JAPAN
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(f"{feed.where}: agency.txt: {zone!r} is no time zone.", hint="Correct the feed.") from error
    return {
        "publisher": first.get("feed_publisher_name"), "version": first.get("feed_version"),
        "valid_from": _day(first.get("feed_start_date")) or _edge(feed, "start_date", "min"),
        "valid_to": _day(first.get("feed_end_date")) or _edge(feed, "end_date", "max"),
        "agencies": "、".join(dict.fromkeys(agencies["agency_name"].dropna())), "timezone": zone,
    }  # fmt: skip


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007
    except ValueError:
        return None


def _edge(feed: Feed, column: str, which: str) -> str | None:
    """The first or last day of calendar.txt, where feed_info.txt does not tell it."""
    days = [day for text in feed.column("calendar", column).dropna() if (day := _day(str(text))) is not None]
    return None if not days else (min(days) if which == "min" else max(days))


def _is_expired(about: dict[str, Any], now: datetime) -> bool | None:
    if about["valid_to"] is None:
        return None
    return date.fromisoformat(about["valid_to"]) < now.astimezone(ZoneInfo(about["timezone"])).date()


def _notes(checked: Checked, service: Service, days: Days) -> list[str]:
    found = [f"{n} {what}" for what, n in checked.notes.items() if n]
    n_made = sum(not pattern.is_shape for pattern in service.patterns)
    if n_made:
        found.append(f"{n_made} lines are made from stops along the roads, since the feed has no shape for them")
    if service.n_without_line:
        found.append(f"{service.n_without_line} trips have neither a shape nor two stops")
    if all(day is None for day in days.chosen):
        found.append("no trip runs on any day of the feed's calendar")
    return found


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes rows, numbered through all kinds: (file, item) is their key."""

    said: dict[str, Any]

    def row(self, item: int, external_id: str, attributes: dict[str, Any], geometry: Any) -> PlanRow:
        """A row; what a feed leaves empty is null."""
        kept = {
            key: None if isinstance(value, float) and np.isnan(value) else value for key, value in attributes.items()
        }
        return PlanRow(item, external_id, json_of(kept | self.said, keep_nulls=True), geometry)


def _rows(feed: Feed, checked: Checked, service: Service, said: dict[str, Any]) -> dict[str, list[PlanRow]]:
    words = Words(feed)
    names = {str(row["route_id"]): _route_name(row) for row in checked.routes.to_dict("records")}
    about = {key: said.pop(key) for key in ("publisher", "version", "valid_from", "valid_to", "agencies", "timezone")}
    maker = _Maker(said)
    n_trips = float(sum(pattern.trips.max(initial=0.0) for pattern in service.patterns))
    rows = {"bus_feed": [maker.row(0, "feed", {**about, "n_trips": round(n_trips)}, None)]}
    rows["bus_stops"] = _stop_rows(checked, service, names, words, maker, 1)
    rows["bus_routes"] = _route_rows(feed, checked, service, names, words, maker, 1 + len(rows["bus_stops"]))
    begin = 1 + len(rows["bus_stops"]) + len(rows["bus_routes"])
    rows["bus_patterns"] = [
        maker.row(begin + i, f"{one.route_id}|{i}", {
            "route_id": one.route_id, "shape_source": "shapes" if one.is_shape else "stops",
            "trips": one.trips.tolist(),
        }, one.line)
        for i, one in enumerate(service.patterns)
    ]  # fmt: skip
    return rows


def _route_name(row: dict[Any, Any]) -> str:
    for key in ("route_long_name", "route_short_name", "route_id"):
        if isinstance(row.get(key), str):
            return str(row[key]).strip()
    return ""


def _stop_rows(
    checked: Checked, service: Service, names: dict[str, str], words: Words, maker: _Maker, begin: int
) -> list[PlanRow]:
    rows = []
    stops = checked.stops[checked.stops["is_stop"] | checked.stops["stop_id"].isin(service.routes_of_stop)]
    for i, row in enumerate(stops.to_dict("records")):
        stop, name = str(row["stop_id"]), str(row["stop_name"])
        routes = sorted({names[route] for route in service.routes_of_stop.get(stop, ())})
        attributes = {
            "name": name.strip(), "name_en": words.english("stops", "stop_name", stop, name),
            "routes": "、".join(routes) or None, "departures": service.departures.get(stop, np.zeros(3)).tolist(),
        }  # fmt: skip
        rows.append(maker.row(begin + i, stop, attributes, shapely.Point(row["lon"], row["lat"])))
    return rows


def _route_rows(
    feed: Feed, checked: Checked, service: Service, names: dict[str, str], words: Words, maker: _Maker, begin: int
) -> list[PlanRow]:
    agency = {str(row.get("agency_id")): str(row["agency_name"]) for row in feed.get("agency").to_dict("records")}
    only = next(iter(agency.values())) if len(agency) == 1 else None
    rows = []
    for i, row in enumerate(checked.routes.to_dict("records")):
        route, own = str(row["route_id"]), agency.get(str(row.get("agency_id")), only)
        told = {key: row[key] for key in ("route_long_name", "route_short_name") if isinstance(row.get(key), str)}
        english = [words.english("routes", key, route, text) for key, text in told.items()]
        attributes = {
            "name": names[route], "name_en": next(filter(None, english), None),
            "short_name": told.get("route_short_name"),
            "route_type": int(row["route_type"]), "agency": own,
            "agency_en": words.english("agency", "agency_name", str(row.get("agency_id")), own),
            "trips": service.trips.get(route, np.zeros(3)).tolist(),
        }  # fmt: skip
        rows.append(maker.row(begin + i, route, attributes, None))
    return rows
