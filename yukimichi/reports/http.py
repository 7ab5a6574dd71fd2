"""`GET /reports/daily`: the daily reports of a day as CSV, XLSX or JSON, for the key that asks; reads are audited."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.db import Role, read_sql
from geo.errors import InputError
from layers.catalogue import COLLECTIONS
from tiles.access import permit
from tiles.parameters import one_of, refuse_unknown
from tiles.service import service_of
from yukimichi.reports.csv_file import csv_bytes
from yukimichi.reports.envelope import envelope
from yukimichi.reports.tables import TABLES
from yukimichi.reports.xlsx_file import xlsx_bytes

router = APIRouter(include_in_schema=False)

#: The collection that says who may read.
DAILY = next(collection for collection in COLLECTIONS if collection.collection_id == "daily_reports")
MEDIA = {
    "csv": "text/csv; charset=utf-8", "csv-cp932": "text/csv; charset=Shift_JIS",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "json": "application/json",
}  # fmt: skip
#: Nothing of it is kept between the service and its reader.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}


@router.get("/reports/daily")
async def daily(request: Request) -> Response:
    """Daily reports. date, format (csv, csv-cp932, xlsx, json), table (of a CSV)."""
    service, params = service_of(request), request.query_params
    refuse_unknown(params, ["date", "format", "table"])
    day = _day(params.get("date"))
    form = one_of(params, "format", tuple(MEDIA), "csv")
    table = one_of(params, "table", tuple(TABLES), "summary")
    caller = await permit(request, service, DAILY)
    async with service.connection(Role.MANAGER) as connection:
        found = await connection.execute(
            read_sql("yukimichi", "read_daily_reports"), caller.scope_params() | {"day": day.isoformat()}
        )
        documents = [row[0] for row in await found.fetchall()]
    head = {"day": day, "contractor": caller.contractor, "vehicle": None, "event": None}
    document = envelope(service.settings, head, documents, service.moment(), None, None)
    if form == "json":
        return JSONResponse(document, headers=PRIVATE)
    content, replaced = await run_in_threadpool(_written, document, form, table)
    name = f"daily-{day}" + ("" if form == "xlsx" else f"-{table}") + (".xlsx" if form == "xlsx" else ".csv")
    headers = PRIVATE | {"Content-Disposition": f"attachment; filename={name}"}
    if replaced:
        headers["X-Replaced-Characters"] = quote(replaced)
    return Response(content, media_type=MEDIA[form], headers=headers)


def _written(document: dict[str, Any], form: str, table: str) -> tuple[bytes, str]:
    """The file, and the characters that CP932 lacks."""
    if form == "xlsx":
        return xlsx_bytes(document), ""
    written = csv_bytes(document, TABLES[table], is_cp932=form == "csv-cp932")
    return written.content, "".join(written.replaced)


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError as error:
        raise InputError(f"Parameter date: {text!r} is no day.", hint="Write it like 2026-01-18.") from error
