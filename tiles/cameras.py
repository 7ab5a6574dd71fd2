"""The newest picture of a camera, from this host: no browser asks another one.

A picture of another time is no view of now: a late one says so in its headers (Cache-Status, RFC 9211), and caches keep
none longer than until the next one is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from geo.errors import NotFoundError
from tiles.caching import is_known, not_modified
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of

router = APIRouter(tags=["cameras"])

#: A picture is late after so many of its intervals, as in the collection.
LATE_INTERVALS = 3
#: A cache asks again after this at the latest where no time for the next picture is known, and at the earliest.
ASK_AGAIN_S, ASK_SOON_S = 60, 5


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row of camera_image.sql."""

    interval_s: int
    image: bytes | None
    etag: str | None
    image_at: datetime | None
    fetched_at: datetime | None
    changed_at: datetime | None
    next_at: datetime | None
    problem: str | None

    @property
    def newest_at(self) -> datetime | None:
        """The moment that the picture can be of at the latest."""
        times = [at for at in (self.image_at, self.fetched_at) if at is not None]
        return min(times) if times else None


async def _read(service: Service, camera_id: str) -> _Kept:
    """Raises NotFoundError."""
    async with service.connection() as connection, connection.cursor(binary=True) as cursor:
        await cursor.execute(read_sql("tiles", "camera_image"), {"camera_id": camera_id})
        row = await cursor.fetchone()
    if row is None:
        raise NotFoundError(f"No camera {camera_id[:80]!r}.", hint="See /ogc/collections/cameras/items.")
    return _Kept(*row)


@router.get("/cameras/{camera_id}/image")
async def image(request: Request, camera_id: str) -> Response:
    """The newest picture of a camera as JPEG, at most 1,280 pixels wide or high, with its time in Last-Modified."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    kept = await _read(service, camera_id)
    if kept.image is None:
        why = kept.problem or "not fetched yet"
        raise NotFoundError(f"The camera {camera_id} has no picture to show: {why}.", hint="Ask again later.")
    now = service.clock()
    headers = {"ETag": f'"{kept.etag}"', "Cache-Control": f"public, max-age={_fresh_s(kept, now)}"}
    shown_at = kept.image_at or kept.changed_at
    if shown_at is not None:
        headers["Last-Modified"] = format_datetime(shown_at.astimezone(UTC), usegmt=True)
    newest_at = kept.newest_at
    if newest_at is None or newest_at < now - timedelta(seconds=LATE_INTERVALS * kept.interval_s):
        since = "" if newest_at is None else f" since {newest_at.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
        headers["Cache-Status"] = f'yukimichi; hit; detail="late{since}"'
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    return Response(bytes(kept.image), headers=headers, media_type="image/jpeg")


def _fresh_s(kept: _Kept, now: datetime) -> int:
    """Seconds until the next picture may be there; never more than an interval."""
    left_s = ASK_AGAIN_S if kept.next_at is None else (kept.next_at - now).total_seconds()
    return int(min(max(left_s, ASK_SOON_S), kept.interval_s))
