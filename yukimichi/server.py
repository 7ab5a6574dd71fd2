"""One ASGI application: OGC API, tiles, status and the map page; its life on one page."""

from __future__ import annotations

import contextlib
import ctypes
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from geo.db import Database
from geo.errors import EnvironmentProblem
from geo.settings import ServerSettings, Settings
from ingest import http as ingest_http
from ingest import http_harja, http_orders
from ingest.intake import Intake
from tiles import (
    accuracy,
    basemap,
    cameras,
    changes,
    disputes,
    disputes_queue,
    edge_answer,
    first_page,
    map_layers,
    ogc,
    ogc_items,
    overview,
    raster,
    raster_collections,
    replay,
    road_card,
    search,
    service_worker,
    site,
    snapshot,
    stream,
    summary,
    text_pages,
    tilesets,
    vector,
)
from tiles.access import GateMiddleware
from tiles.compression import CompressionMiddleware
from tiles.front import FrontMiddleware
from tiles.problems import HANDLERS
from tiles.service import Service
from yukimichi import health, metrics
from yukimichi.logs import configure
from yukimichi.middleware import OPEN_HEADERS, HeadMiddleware, OpenMiddleware
from yukimichi.quick import ExpressMiddleware, QuickRoutes
from yukimichi.reports import http as reports_http

#: What a storm asks for, found before all other routes.
QUICK = frozenset(
    {
        "/tiles/basemap/{version}/{z:int}/{x:int}/{y:int}.mvt",
        "/tiles/{layer}/{version}/{z:int}/{x:int}/{y:int}.mvt",
        "/ogc/collections/{collection_id}/tiles/{set_id}/{z:int}/{row:int}/{col:int}",
        "/ogc/tiles/{set_id}/{z:int}/{row:int}/{col:int}",
        "/status/snapshot",
        "/status/changes",
    }
)
SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in site.SECURITY.items()]
#: mallopt(3), glibc's malloc.h: the most arenas of a process. Left alone it is eight for each core, and each keeps what
#: its threads have freed; the threads that pack answers and read batches need no more than two.
M_ARENA_MAX, N_ARENAS = -8, 2


class _Application(FastAPI):
    """The framework behind the front: what lies in memory is answered before the framework begins to look about."""

    front: FrontMiddleware

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand everything to the front, which hands on what it does not hold."""
        await self.front(scope, receive, send)


def create_app(settings: Settings, database: Database, service: Service | None = None) -> FastAPI:
    """The application. `service` is given by tests that set their own clock."""
    shared = service or Service(settings, database)
    counted = metrics.Metrics()
    intake = Intake(settings, database, clock=shared.clock, observe=counted.observe)
    counted.watch(lambda: intake.queue.n_waiting, intake.name_of)

    @contextlib.asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        async with shared.open(), intake.open():
            yield

    application = _Application(
        title="Yukimichi 雪みち", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        exception_handlers=HANDLERS, redirect_slashes=False,
    )  # fmt: skip
    application.state.service = shared
    application.state.intake = intake
    application.state.metrics = counted
    quick = _routes(application, shared)
    search.search_of(shared)
    application.add_middleware(site.SecurityMiddleware)
    application.add_middleware(CompressionMiddleware)
    application.add_middleware(GateMiddleware, service=shared)
    application.add_middleware(OpenMiddleware)
    application.add_middleware(metrics.MeasureMiddleware, metrics=counted)
    application.add_middleware(HeadMiddleware)
    whole = partial(FastAPI.__call__, application)
    express = ExpressMiddleware(whole, application, quick, (*SECURITY_HEADERS, *OPEN_HEADERS), counted.tell)
    application.front = FrontMiddleware(express, shared, counted.tell)
    return application


def _routes(application: FastAPI, shared: Service) -> QuickRoutes:
    """Add all routes; those that are found before the others."""
    ogc_items.mount(application)
    status = (snapshot.router, changes.router, stream.router, replay.router, edge_answer.router, road_card.router)
    pixels = (raster.router, raster_collections.router, cameras.router)
    drawn = (basemap.router, vector.router, map_layers.router)  # the basemap's address is a layer's as well
    application.include_router(search.router)
    for router in (summary.router, overview.router, first_page.router, service_worker.router, text_pages.router):
        application.include_router(router)
    for router in (ogc.router, tilesets.router, *drawn, *pixels, *status, site.router):
        application.include_router(router)
    disputes.mount(application, shared)
    application.include_router(disputes_queue.router)
    accuracy.mount(application, shared)
    application.include_router(ingest_http.router)
    application.include_router(http_harja.router)
    application.include_router(http_orders.router)
    application.include_router(reports_http.router)
    application.include_router(health.router)
    application.include_router(metrics.router)
    site.mount_web(application, shared)
    quick = QuickRoutes((basemap.router, vector.router, tilesets.router, snapshot.router, changes.router), QUICK)
    application.router.routes.insert(0, quick)
    return quick


def listen(settings: ServerSettings) -> socket.socket:
    """A bound socket. Raises EnvironmentProblem when the port is in use or not allowed."""
    # named TCP, since asyncio turns Nagle off only for a socket that says so; else each answer waits 40 ms for an ACK
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise EnvironmentProblem(
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}.",
            hint=f"Choose another, for example YUKI_PORT={settings.port + 1}.",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """Says when it has started, and lets streams end before it waits for open answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], service: Service) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self.service = service

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the clients of streams go, then finish what is open."""
        if self.service.stream is not None:
            await self.service.stream.close()
        await super().shutdown(sockets)


def serve(settings: Settings, database: Database, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT or SIGTERM; open answers are finished first.

    on_ready is called once the socket answers. Raises EnvironmentProblem when the port is in use.
    """
    listener = listen(settings.server)
    _keep_memory_together()
    configure(settings.log)
    application = create_app(settings, database)
    config = uvicorn.Config(
        application, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=5, lifespan="on", loop="uvloop", http="httptools",
    )  # fmt: skip
    with contextlib.closing(listener), contextlib.suppress(KeyboardInterrupt):
        _Server(config, on_ready, application.state.service).run(sockets=[listener])


def _keep_memory_together() -> None:
    """Few arenas for malloc, before threads make more; a libc without mallopt has arenas of another kind."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, N_ARENAS)
