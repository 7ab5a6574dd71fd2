"""`/status/summary`: how much of each municipality and of the whole is in which state, made from the snapshot's arrays.

It is made again when states change, and when a clearing runs out, but not more often than every few seconds; all who
ask share it. While the database is away it goes on from memory, and clearings run out in it as they do on the map.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import psycopg
from fastapi import APIRouter
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from tiles.answers import compact, head_of, pack_for, zulu
from tiles.caching import etag_of, is_known, not_modified, stale_headers
from tiles.dataset import Dataset
from tiles.forms import takes
from tiles.parameters import LANGUAGES, one_of, refuse_unknown
from tiles.present import Present, read_rows
from tiles.service import Service, service_of
from tiles.snapshot import Snapshot, present_snapshot
from tiles.states import Records
from tiles.summary_numbers import Area, Ground, area_document, tally
from tiles.summary_words import sentence

router = APIRouter(tags=["status"])

#: States may change every second; the sums of them are made anew no more often than this.
SUMMARY_S = 5.0
#: A cache that cannot reach us may tell it for so long, but never beyond the moment at which it changes by itself.
STALE_MOST_S = 600
GROUND = [("area", ">i2"), ("length", ">f4"), ("planned", ">i2")]
type Snow = dict[str | None, dict[str, Any]]


@dataclass(slots=True)
class Summary:
    """A summary with its packed bodies.

    told     the states that it sums up, as clients are told them
    content  the answer without its moment as_of
    """

    present: Present
    told: Records
    made_at: datetime
    moment: datetime
    valid_until: datetime | None
    content: dict[str, Any]
    etag: str
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def dataset(self) -> Dataset:
        """What it sums up."""
        return self.present.dataset

    def document(self, language: str | None = None, zone: str = "UTC") -> dict[str, Any]:
        """The answer; with a language each area has its sentence in `words`."""
        answer = {"as_of": zulu(self.dataset.as_of)} | self.content
        if language is not None:
            told = [
                area
                | {"words": sentence(area, self.dataset.as_of, self.moment, zone, "ja" if language == "ja" else "en")}
                for area in self.content["areas"]
            ]
            answer |= {"language": language, "areas": told}
        return answer


async def read_ground(service: Service, dataset: Dataset) -> Ground:
    """Where the edges lie; read once for each version of roads, plans and municipalities."""
    key = (dataset.roads_version, dataset.reference_key)

    async def make() -> Ground:
        async with service.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(read_sql("tiles", "summary_areas"))
            areas = tuple(Area(row["feature_id"], row["name"], row["name_en"]) for row in await cursor.fetchall())
            names = {"names": [area.name for area in areas]}
            rows = await read_rows(connection, read_sql("tiles", "summary_ground"), names, GROUND)
        km = rows["length"].astype(float) / 1000
        return Ground(areas, rows["area"].astype("i2"), km, rows["planned"] > 0)

    found: Ground = await service.grounds.get(key, make)
    return found


async def read_snow(service: Service, dataset: Dataset) -> Snow:
    """Snow since the event by municipality; None: of the whole.

    Read once a publication; the last one while it is away.
    """

    async def make() -> Snow:
        async with service.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(read_sql("tiles", "summary_snow"), {"event_id": dataset.event_id})
            return {row["name"]: row for row in await cursor.fetchall()}

    try:
        found: Snow = await service.snows.get((dataset.basis, dataset.as_of), make)
    except (psycopg.Error, PoolTimeout):
        found = service.snows.last or {}
    return found


async def present_summary(service: Service) -> Summary:
    """The summary of the present snapshot, or one that is not old yet. Raises what the snapshot raises."""
    made: Snapshot = await present_snapshot(service)

    async def make() -> Summary:
        ground = await read_ground(service, made.dataset)
        snow = await read_snow(service, made.dataset)
        return await asyncio.to_thread(summarise, made, ground, snow, service.clock())

    # no key stands for it: what is the same now runs out later
    kept: Summary = await service.summaries.get(object(), make, lambda last: is_young(service, last, made))
    return kept


def is_young(service: Service, last: Summary, made: Snapshot) -> bool:
    """Whether a summary may be told still: of the same roads and event, and nothing in it has run out."""
    now = service.clock()
    has_ended = last.valid_until is not None and last.dataset.moment(now) >= last.valid_until
    age = now - last.made_at
    is_last = last.present is made.present or timedelta() <= age < timedelta(seconds=SUMMARY_S)
    return last.dataset.basis == made.dataset.basis and is_last and not has_ended


def summarise(made: Snapshot, ground: Ground, snow: Snow, now: datetime) -> Summary:
    """Sum a snapshot up as it stands at a moment."""
    dataset = made.dataset
    moment = dataset.moment(now)
    numbers, end_s = tally(ground, made.told, int(moment.timestamp()))
    valid_until = None if end_s is None else datetime.fromtimestamp(end_s, UTC)
    areas = [area_document(one, snow.get(one.area.name or None)) for one in numbers]
    content = head_of(dataset) | {"valid_until": None if valid_until is None else zulu(valid_until), "areas": areas}
    return Summary(made.present, made.told, now, moment, valid_until, content, etag_of(compact(content), weak=True))


def cache_control(service: Service, summary: Summary) -> str:
    """How long caches may tell what rests on a summary: a moment, and a while longer where we do not answer."""
    left_s = STALE_MOST_S
    if summary.valid_until is not None:
        left_s = int((summary.valid_until - summary.dataset.moment(service.clock())).total_seconds())
    return f"public, max-age=1, stale-while-revalidate=1, stale-if-error={max(min(left_s, STALE_MOST_S), 0)}"


def headers_of(service: Service, summary: Summary, etag: str) -> dict[str, str]:
    """Headers of every answer that rests on a summary."""
    return {
        "Cache-Control": cache_control(service, summary),
        "ETag": etag,
        "Last-Modified": format_datetime(summary.dataset.as_of, usegmt=True),
        **stale_headers(service.stale_since),
    }


@router.get("/status/summary")
async def summary(request: Request) -> Response:
    """Kilometres by state of each municipality and of the whole, and when they change by themselves; docs/api.md."""
    refuse_unknown(request.query_params, ("lang",))
    language = one_of(request.query_params, "lang", ("", *LANGUAGES), "") or None
    service = service_of(request)
    made = await present_summary(service)
    etag = made.etag if language is None else etag_of(made.etag, language, made.dataset.as_of, weak=True)
    headers = headers_of(service, made, etag) | {"Vary": "Accept-Encoding"}
    if language is not None:
        headers["Content-Language"] = language
    if is_known(request, etag):
        return not_modified(headers)
    encoding = takes(request)
    if (language or "", encoding) not in made.bodies:
        plain = compact(made.document(language, service.settings.timezone))
        made.bodies[language or "", encoding] = await asyncio.to_thread(pack_for, encoding, plain)
    encoded = {} if encoding == "identity" else {"Content-Encoding": encoding}
    body = made.bodies[language or "", encoding]
    return Response(body, headers=headers | encoded, media_type="application/json")
