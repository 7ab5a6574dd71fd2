"""Server-Sent Events: every new status version as one delta, made and serialised once for all who listen.

A hub keeps the last deltas in a ring. Each client is a position in it: it is told what comes after, and one that is
slower than the ring is let go, so that nothing is ever kept for a single client. The id of an event says basis and
version; who comes again with it (Last-Event-ID) goes on from there. Format: HTML Living Standard, "Server-sent events".
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geo.errors import InputError, OverloadedError
from tiles.answers import basis_key, compact, head_of, stream_id, zulu
from tiles.changes import change_document, read_changes
from tiles.dataset import Dataset
from tiles.parameters import refuse_unknown
from tiles.service import Service, service_of

LOG = logging.getLogger(__name__)
router = APIRouter(tags=["status"])

#: An event comes at most so often, seconds; whoever is further behind gets several versions in one.
PACE_S = 1.0
#: Without news a comment keeps the connection alive so often, seconds.
HEARTBEAT_S = 15.0
#: A client that takes nothing for so long is let go, seconds.
SLOW_S = 20.0
#: Events and bytes that the ring keeps; a client that is further behind is let go and comes again with its last id.
RING_EVENTS, RING_BYTES = 120, 16 * 2**20
#: A client comes again so many milliseconds after the connection broke.
RETRY_MS = 3_000
HEARTBEAT = b": \n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it goes out. since, version: it leads from one status version to another; -1: it is no delta."""

    data: bytes
    basis: str
    since: int
    version: int


def event_bytes(kind: str, event_id: str, document: dict[str, object]) -> bytes:
    """An event of the stream. JSON holds no line feed, so that its data is one line."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), event_id.encode(), compact(document))


def place_of(text: str) -> tuple[str, int]:
    """(basis, status version) of an event id. Raises InputError for what is none."""
    basis, _, version = text.partition("-")
    if not (basis.isalnum() and basis.isascii() and version.isascii() and version.isdigit() and len(version) <= 18):
        raise InputError(f"Parameter last_event_id: {text[:50]!r} is no id of an event.", hint="Send an id as it came.")
    return basis, int(version)


class Hub:
    """Watches a service and keeps the ring. `n_clients` are open."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.n_clients = 0
        self.is_closed = False
        self._ring: deque[Event] = deque()
        self._n_bytes = 0
        #: number of the first event of the ring among all that there ever were
        self._first = 0
        self._told: Dataset | None = None
        self._news = asyncio.Event()
        self._turned: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        #: held while an event is made: whatever is read after that is newer
        self._making = asyncio.Lock()

    @property
    def end(self) -> int:
        """Number of the event that comes next."""
        return self._first + len(self._ring)

    @property
    def told(self) -> Dataset:
        """What those hold that have heard everything."""
        return self._told or self.service.dataset

    async def hear(self, dataset: Dataset) -> None:
        """A listener of the service."""
        if self._told is not None:
            self._news.set()

    def open(self) -> None:
        """Begin to watch, with the first client."""
        if self._task is None and not self.is_closed:
            self._told = self.service.dataset
            self.service.listeners.append(self.hear)
            self._task = asyncio.create_task(self._watch(), name="status stream")

    async def close(self) -> None:
        """Let every client go."""
        self.is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._turn()

    def after(self, number: int) -> list[bytes] | None:
        """The events from a number on; None: the ring does not go back so far."""
        if number < self._first:
            return None
        return [self._ring[i].data for i in range(number - self._first, len(self._ring))]

    def place(self, basis: str, version: int) -> int | None:
        """Number of the event that leads on from a version; None: the ring has none."""
        told = self.told
        if basis_key(told) == basis and told.status_version == version:
            return self.end
        for i, event in enumerate(self._ring):
            if event.basis == basis and event.since == version:
                return self._first + i
        return None

    async def turned(self) -> None:
        """Wait for the next event, heartbeat or end."""
        if self._turned is None:
            self._turned = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._turned)

    def _turn(self) -> None:
        turned, self._turned = self._turned, None
        if turned is not None and not turned.done():
            turned.set_result(None)

    def _add(self, event: Event) -> None:
        self._ring.append(event)
        self._n_bytes += len(event.data)
        while len(self._ring) > RING_EVENTS or (self._n_bytes > RING_BYTES and len(self._ring) > 1):
            self._n_bytes -= len(self._ring.popleft().data)
            self._first += 1
        self._turn()

    async def _watch(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._news.wait(), HEARTBEAT_S)
            except TimeoutError:
                self._add(Event(HEARTBEAT, "", -1, -1))
                continue
            self._news.clear()
            try:
                await self._tell()
            except (psycopg.Error, PoolTimeout) as error:
                LOG.warning("Changes could not be read for the stream, the next try is soon: %s", error)
                self._news.set()
            await asyncio.sleep(PACE_S)

    async def _tell(self) -> None:
        """Put what changed since the last event into the ring."""
        told = self.told
        found = self.service.dataset
        if found.basis == told.basis and found.status_version == told.status_version:
            self._told = found
            return
        async with self._making:
            dataset, event = await self._lead(told.status_version, told)
            self._told = dataset
            self._add(event)

    async def resume(self, version: int) -> tuple[bytes, int]:
        """(an event that leads on from a version of the present basis, number of the event that comes then).

        All who come with the same version between two events share it.
        """
        async with self._making:
            told, number = self.told, self.end

            async def make() -> bytes:
                return (await self._lead(version, told))[1].data

            return await self.service.changes.get(("resume", version, number, basis_key(told)), make), number

    async def _lead(self, version: int, held: Dataset) -> tuple[Dataset, Event]:
        """What is published now, and the event that leads there from a version of the basis that is held."""
        dataset, rows = await read_changes(self.service, version, held.basis)
        document = await asyncio.to_thread(change_document, dataset, rows, self.service.clock())
        kind, since = ("reload", -1) if rows is None else ("changes", version)
        data = event_bytes(kind, stream_id(dataset), document)
        return dataset, Event(data, basis_key(dataset), since, dataset.status_version)


def hub_of(service: Service) -> Hub:
    """The hub of a service, made when it is first asked for."""
    if service.stream is None:
        service.stream = Hub(service)
        service.closers.append(service.stream.close)
    assert isinstance(service.stream, Hub)
    return service.stream


async def _begin(hub: Hub, asked: str | None) -> tuple[list[bytes], int]:
    """(what a client is told first, number of the event that comes then)."""
    retry = b"retry: %d\n\n" % RETRY_MS
    number, told = hub.end, hub.told
    present = {"as_of": zulu(told.as_of)} | head_of(told)
    if asked is None:
        return [retry, event_bytes("present", stream_id(told), present)], number
    basis, version = place_of(asked)
    found = hub.place(basis, version)
    if found is not None:
        return [retry], found
    if basis == basis_key(told):
        data, number = await hub.resume(version)
        return [retry, data], number
    return [retry, event_bytes("reload", stream_id(told), present | {"reload": True})], number


class Stream(Response):
    """The answer to one client: what it is to hear first, and then every event as it comes."""

    def __init__(self, hub: Hub, first: list[bytes], number: int) -> None:
        self.hub, self.first, self.number = hub, first, number
        self.status_code, self.background = 200, None
        self.media_type = "text/event-stream"
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client has gone, is too slow, or the service ends."""
        talk = asyncio.current_task()
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: talk.cancel() if talk is not None and not ended else None)
        ended = False
        self.hub.n_clients += 1
        try:
            await self._talk(send)
        except asyncio.CancelledError:
            if not gone.done() or gone.cancelled():
                raise
        finally:
            ended = True
            self.hub.n_clients -= 1
            gone.cancel()

    async def _talk(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _pass(send, b"".join(self.first))
        self.first = []
        while not self.hub.is_closed:
            events = self.hub.after(self.number)
            if events is None:
                break
            if events:
                self.number += len(events)
                if not await _pass(send, b"".join(events) if len(events) > 1 else events[0]):
                    break
                continue
            await self.hub.turned()
        await send({"type": "http.response.body", "body": b""})


async def _pass(send: Send, data: bytes) -> bool:
    """Send to one client; False where it does not take it in time."""
    try:
        async with asyncio.timeout(SLOW_S):
            await send({"type": "http.response.body", "body": data, "more_body": True})
    except TimeoutError:
        return False
    return True


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/status/stream", response_class=Response)
async def stream(request: Request) -> Response:
    """New states as Server-Sent Events, from now on or from `last_event_id` on; see docs/api.md."""
    refuse_unknown(request.query_params, ("last_event_id",))
    service = service_of(request)
    hub = hub_of(service)
    if hub.n_clients >= service.settings.stream.most_clients:
        raise OverloadedError("Too many clients listen already.", hint="Ask /status/changes instead.", retry_after_s=30)
    if request.scope["method"] == "HEAD":
        return Response(media_type="text/event-stream")
    hub.open()
    asked = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
    return Stream(hub, *await _begin(hub, asked))
