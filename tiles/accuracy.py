"""/accuracy: how often people disagreed and were right, and how fresh what is told has been, week by week.

Once an hour, when something is published, one server process looks at what the public is told of the planned roads and
keeps its sums; the page is worked out from these and from the counts of disputes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import psycopg
from fastapi import APIRouter, FastAPI
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.db import Role, read_sql
from geo.timeline import in_zone, now
from geo.vocabulary import EventKind
from tiles.accuracy_figures import figures, weeks_of
from tiles.accuracy_pages import accuracy_html
from tiles.accuracy_words import WORDS
from tiles.caching import etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.disputes_limit import forget_senders
from tiles.disputes_pages import whole_page
from tiles.documents import format_of, language_of
from tiles.parameters import refuse_unknown
from tiles.service import Service

LOG = logging.getLogger(__name__)
router = APIRouter(tags=["accuracy"])

#: The page is worked out again after this time, seconds.
KEPT_S = 60.0


class Accuracy:
    """The figures of one server process, and the hour that it looked at last."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._last: tuple[float, dict[str, Any]] | None = None
        self._lock = asyncio.Lock()
        self._hour: datetime | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        service.listeners.append(self.hear)
        service.closers.append(self.close)

    async def hear(self, dataset: Dataset) -> None:
        """A new publication: the first one of an hour is looked at, beside whoever waits for it."""
        hour = self._hour_of(dataset)
        if hour != self._hour and not self._tasks:
            task = asyncio.get_running_loop().create_task(self._try_look(dataset))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _hour_of(self, dataset: Dataset) -> datetime:
        return dataset.moment(self.service.clock()).replace(minute=0, second=0, microsecond=0)

    async def _try_look(self, dataset: Dataset) -> None:
        try:
            await self.look(dataset)
        except (psycopg.Error, PoolTimeout) as error:
            LOG.warning("This hour is not among the figures of accuracy yet: %s", error)

    async def look(self, dataset: Dataset) -> None:
        """Keep what the public is told of the planned roads, once an hour whoever comes first."""
        hour, moment = self._hour_of(dataset), dataset.moment(self.service.clock())
        async with self.service.connection(Role.APP) as connection:
            known = await connection.execute(read_sql("tiles", "accuracy_has_hour"), {"at": hour})
            has_hour = (await known.fetchone() or (False,))[0]
            await forget_senders(connection, self.service.settings.disputes, now().date())
        if not has_hour:
            async with self.service.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(read_sql("tiles", "accuracy_look"), {"as_of": moment})
                row = await cursor.fetchone()
            assert row is not None
            has_event = dataset.event_kind != EventKind.STANDING
            async with self.service.connection(Role.APP) as connection:
                params = row | {"at": hour, "has_event": has_event}
                await connection.execute(read_sql("tiles", "accuracy_write_hour"), params)
        self._hour = hour

    async def close(self) -> None:
        """Let a look that is under way end."""
        await asyncio.gather(*self._tasks)

    async def document(self) -> dict[str, Any]:
        """The figures, at most KEPT_S old."""
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > KEPT_S:
                self._last = time.monotonic(), await self._document()
            return self._last[1]

    async def _document(self) -> dict[str, Any]:
        settings, moment = self.service.settings, self.service.moment()
        today, n_weeks = in_zone(moment, settings.timezone).date(), settings.disputes.weeks
        since = moment - timedelta(days=(today - weeks_of(today, n_weeks)[0]).days + 2)
        params = {"zone": settings.timezone, "since": since}
        async with self.service.connection(Role.APP) as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(read_sql("tiles", "accuracy_disputes"), params)
            disputes = await cursor.fetchall()
            await cursor.execute(read_sql("tiles", "accuracy_hours"), params)
            hours = [row for row in await cursor.fetchall() if row["week"] >= weeks_of(today, n_weeks)[0]]
        about = {"as_of": moment.isoformat(timespec="minutes"), "timezone": settings.timezone}
        return (
            about | figures(today, n_weeks, disputes, hours) | {"definitions": {k: v["how"] for k, v in WORDS.items()}}
        )


def mount(application: FastAPI, service: Service) -> None:
    """Add the routes, and the look of every hour."""
    application.state.accuracy = Accuracy(service)
    application.include_router(router)


def accuracy_of(request: Request) -> Accuracy:
    """The figures of the application that a request came to."""
    found = request.app.state.accuracy
    assert isinstance(found, Accuracy)
    return found


def _headers(document: dict[str, Any], *parts: object) -> dict[str, str]:
    etag = etag_of(json.dumps(document, sort_keys=True), *parts, weak=True)
    return {"Cache-Control": "public, max-age=60", "ETag": etag, "Vary": "Accept, Accept-Language"}


@router.get("/accuracy.json", response_class=JSONResponse)
async def accuracy_json(request: Request) -> Response:
    """Weekly rate of disagreement and freshness, with counts, denominators and intervals."""
    refuse_unknown(request.query_params, ())
    document = await accuracy_of(request).document()
    headers = _headers(document)
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return JSONResponse(document, headers=headers)


@router.get("/accuracy", response_class=Response)
async def accuracy(request: Request) -> Response:
    """The same as a page, with how it is worked out."""
    refuse_unknown(request.query_params, ["lang", "f"])
    if format_of(request) == "json" and "f" in request.query_params:
        return await accuracy_json_of(request)
    lang, found = language_of(request), accuracy_of(request)
    document = await found.document()
    headers = _headers(document, lang)
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    switch = f"/accuracy?{urlencode({'lang': {'ja': 'en', 'en': 'ja'}[lang]})}"
    return whole_page(WORDS[lang]["title"], lang, accuracy_html(document, lang), switch=switch, headers=headers)


async def accuracy_json_of(request: Request) -> Response:
    """The document itself, for `f=json`."""
    document = await accuracy_of(request).document()
    return JSONResponse(document, headers=_headers(document))
