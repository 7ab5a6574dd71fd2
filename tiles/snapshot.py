"""The state of every edge in one compact answer, packed or as JSON, made once in a second and shared by all.

A snapshot is served while it is younger than SNAPSHOT_S, however often states change; `status_version` says what it is,
and /status/stream and /status/changes lead from there to now. A clearing carries the time from which on a client shows
it as unknown by itself; one that had run out when the answer was made is unknown in it already. Entity tags rest on
content alone: a publication that changed no state costs clients nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tiles.answers import FOREVER, THOROUGH, compact, head_of, pack_for, respond, zulu
from tiles.caching import Latest, etag_of, stale_headers
from tiles.dataset import Dataset
from tiles.forms import FORMS, PACKED, form_of
from tiles.packed import pack_index, pack_states
from tiles.parameters import refuse_unknown
from tiles.past import past_snapshot
from tiles.present import Present, read_index, read_present
from tiles.service import Service, service_of
from tiles.states import Records, json_columns

router = APIRouter(tags=["status"])

#: A snapshot of the same roads and event is served for so long before another one is made.
SNAPSHOT_S = 1.0
#: A cache may serve it a little longer while it asks again, and for a day where we do not answer at all.
CACHE_CONTROL = "public, max-age=1, stale-while-revalidate=1, stale-if-error=86400"


@dataclass(slots=True)
class Snapshot:
    """A snapshot with its serialised forms, each made when it is first asked for.

    told  states in whole steps; what had run out when they were read is unknown
    """

    present: Present
    told: Records
    etag: str
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def dataset(self) -> Dataset:
        """What it is a snapshot of."""
        return self.present.dataset

    def tag(self, form: str) -> str:
        """The entity tag of a form."""
        return f'W/"{self.etag}-{form[0]}"'

    async def body(self, form: str, encoding: str) -> bytes:
        """A form in an encoding (br, gzip, identity)."""
        if (form, encoding) not in self.bodies:
            async with self.lock:
                if (form, encoding) not in self.bodies:
                    self.bodies[form, encoding] = await asyncio.to_thread(self._make, form, encoding)
        return self.bodies[form, encoding]

    def _make(self, form: str, encoding: str) -> bytes:
        plain = self.bodies.get((form, "identity")) or serialise(self.present, self.told, form)
        self.bodies[form, "identity"] = plain
        return pack_for(encoding, plain)


def serialise(present: Present, told: Records, form: str) -> bytes:
    """The states of a dataset as they are told."""
    dataset = present.dataset
    head = {"as_of": zulu(dataset.as_of)} | head_of(dataset)
    if form == PACKED:
        return pack_states(head, told)
    moment_s = int(dataset.moment(present.read_at).timestamp())
    return compact(head | json_columns(present.index, told, dataset.default_reason.value, moment_s))


def snapshot_of(present: Present) -> Snapshot:
    """The snapshot of states that were read."""
    told = present.records.rounded().shown(int(present.dataset.moment(present.read_at).timestamp()))
    dataset = present.dataset
    content = b"".join(getattr(told, name).tobytes() for name in Records.__slots__)
    etag = etag_of(dataset.network_key, dataset.plan_key, compact(head_of(dataset)), content)
    return Snapshot(present, told, etag.strip('"'))


async def make_snapshot(service: Service) -> Snapshot:
    """Read what changed since the last one, and make another one away from the event loop."""
    last: Snapshot | None = service.snapshots.last
    present = await read_present(service, last.present if last else None)
    return await asyncio.to_thread(snapshot_of, present)


def is_young(service: Service, made: Snapshot) -> bool:
    """Whether a snapshot may be served still though others were published since."""
    age = service.clock() - made.present.read_at
    return made.dataset.basis == service.dataset.basis and timedelta() <= age < timedelta(seconds=SNAPSHOT_S)


async def present_snapshot(service: Service) -> Snapshot:
    """The snapshot of the present publication, one that is not old yet, or the last one while the database is away.

    Its status_version and as_of say which.
    """
    kept: Latest[Snapshot] = service.snapshots
    try:
        return await kept.get(service.dataset, lambda: make_snapshot(service), lambda made: is_young(service, made))
    except (psycopg.Error, PoolTimeout):
        if kept.last is None:
            raise
        return kept.last


def _holds(service: Service, made: Snapshot) -> bool:
    """Whether the same snapshot would be served if it were asked for now."""
    if service.snapshots.last is not made:
        return False
    return service.stale_since is not None or made.dataset == service.dataset or is_young(service, made)


@router.get("/status/snapshot")
async def snapshot(request: Request) -> Response:
    """State of all edges, now or `at` a moment of the past, packed or as JSON; see docs/api.md for the bytes."""
    refuse_unknown(request.query_params, ("f", "at"))
    service, form = service_of(request), form_of(request)
    if "at" in request.query_params:
        return await past_snapshot(request, service, form)
    made = await present_snapshot(service)
    headers = {
        "Cache-Control": CACHE_CONTROL,
        "ETag": made.tag(form.name),
        "Last-Modified": format_datetime(made.dataset.as_of, usegmt=True),
        **stale_headers(service.stale_since),
    }
    return await respond(
        request, form, headers, lambda encoding: made.body(form.name, encoding), lambda: _holds(service, made)
    )


@router.get("/status/index/{roads_version}")
async def index(request: Request, roads_version: str) -> Response:
    """Ids of all edges in the order in which packed answers tell them; never changes for a roads_version."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    present = service.dataset.roads_version
    if roads_version != present:
        address = f"{str(request.base_url).rstrip('/')}/status/index/{present}"
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})

    async def body_in(encoding: str) -> bytes:
        return await service.past.get(("index", present, encoding), lambda: _pack_index(service, encoding))

    headers = {"Cache-Control": FOREVER, "ETag": etag_of("index", present)}
    return await respond(request, FORMS[PACKED], headers, body_in, lambda: service.dataset.roads_version == present)


async def _pack_index(service: Service, encoding: str) -> bytes:
    dataset = service.dataset
    async with service.connection() as connection:
        found = await read_index(connection, dataset)
    plain = await asyncio.to_thread(pack_index, dataset.roads_version, dataset.network_version, found.edge_id)
    return await asyncio.to_thread(pack_for, encoding, plain, THOROUGH)
