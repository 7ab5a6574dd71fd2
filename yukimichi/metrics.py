"""Prometheus metrics of the server, and of the workers by what they write into the database.

Requests are counted by the template of their route, so no address, key or id becomes a label. What the database knows
(lag, states, devices, workers) is asked for when somebody reads the metrics, at most every few seconds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import psycopg
from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.db import Role, read_sql
from geo.errors import AccessError
from ingest.live import Delivery, Receipt
from tiles.service import Service
from yukimichi.logs import event

LOG = logging.getLogger(__name__)
router = APIRouter(tags=["service"])

#: Figures of the database are asked for at most so often, seconds.
FIGURES_S = 5.0
#: Bounds of the durations, seconds: from a cached tile to the longest statement that is allowed.
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What came through a proxy carries one of these; metrics are for the machine itself.
PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of app.figures: the metric that it becomes, the name of its label, and what it says."""

    metric: str
    label: str
    help: str
    is_counter: bool = False


FIGURES: dict[str, Figure] = {
    "batches_waiting": Figure("yukimichi_batches_waiting", "stage", "Batches of fixes or lines not matched yet."),
    "lag_s": Figure("yukimichi_lag_seconds", "stage", "How long the oldest of them has waited."),
    "newest_batch_age_s": Figure("yukimichi_newest_batch_age_seconds", "", "Since anything came in."),
    "published_age_s": Figure("yukimichi_published_age_seconds", "", "Since the last publication."),
    "edges": Figure("yukimichi_edges", "state", "Published edges by state."),
    "ploughs": Figure("yukimichi_ploughs", "", "Ploughs that the public sees."),
    "devices": Figure("yukimichi_devices", "", "Devices known, heard or never heard."),
    "sick_devices": Figure("yukimichi_sick_devices", "reason", "Devices by each reason to look at them."),
    "beat_age_s": Figure("yukimichi_worker_beat_age_seconds", "worker", "Since a worker said that it is alive."),
    "round_s": Figure("yukimichi_worker_round_seconds", "worker", "Length of a worker's last round."),
    "rounds": Figure("yukimichi_worker_rounds", "worker", "Rounds since a worker started.", is_counter=True),
    "matched_fixes": Figure("yukimichi_worker_fixes", "worker", "Fixes that a worker took.", is_counter=True),
    "failures": Figure("yukimichi_worker_failures", "worker", "Rounds of a worker that failed.", is_counter=True),
}


class _Figures:
    """The figures of the database, as they were asked for last."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, float | None]] = []
        self.is_up = False
        self.asked_at = float("-inf")

    async def ask(self, service: Service) -> None:
        """Ask again if they are old. While the database is away there are none, and `yukimichi_database_up` is 0."""
        if time.monotonic() - self.asked_at < FIGURES_S:
            return
        self.asked_at = time.monotonic()
        try:
            async with service.connection(Role.APP) as connection:
                self.rows = await (await connection.execute(read_sql("yukimichi", "figures"))).fetchall()
            self.is_up = True
        except (psycopg.Error, PoolTimeout):
            self.rows, self.is_up = [], False

    def collect(self) -> Iterator[Metric]:
        """The figures as metrics, for the registry."""
        yield GaugeMetricFamily("yukimichi_database_up", "1: the database answers.", value=float(self.is_up))
        for name, figure in FIGURES.items():
            kind = CounterMetricFamily if figure.is_counter else GaugeMetricFamily
            family = kind(figure.metric, figure.help, labels=[figure.label] if figure.label else [])
            for found, label, value in self.rows:
                if found == name and value is not None:
                    family.add_metric([label] if figure.label else [], value)
            yield family


class Metrics:
    """The metrics of one server process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.figures = _Figures()
        self._name: Callable[[int], str] = str
        self.requests = Counter(
            "yukimichi_http_requests", "Answers.", ["method", "route", "status"], registry=self.registry
        )
        self.durations = Histogram(
            "yukimichi_http_request_seconds", "Time to the end of an answer.", ["route"], buckets=BOUNDS_S,
            registry=self.registry,
        )  # fmt: skip
        self.fixes = Counter(
            "yukimichi_fixes", "Live fixes by what became of them.", ["source", "outcome"], registry=self.registry
        )
        self.rejected = Counter(
            "yukimichi_rejected_fixes", "Rejected live fixes.", ["source", "reason"], registry=self.registry
        )
        self.waiting = Gauge("yukimichi_fixes_waiting", "Fixes that wait for their commit.", registry=self.registry)
        self.registry.register(self.figures)
        #: counter and histogram of each kind of answer, so that their labels are looked up once
        self._bound: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def watch(self, n_waiting: Callable[[], int], name: Callable[[int], str]) -> None:
        """Where the queue's length and the names of sources are to be had."""
        self.waiting.set_function(n_waiting)
        self._name = name

    def observe(self, deliveries: Sequence[Delivery], receipts: Sequence[Receipt]) -> None:
        """Count a committed group; an `ingest.live.Observer`."""
        for delivery, receipt in zip(deliveries, receipts, strict=True):
            source = self._name(delivery.source_id)
            self.fixes.labels(source, "accepted").inc(receipt.n_accepted)
            self.fixes.labels(source, "repeated").inc(receipt.n_repeated)
            for reject in delivery.rejects:
                self.fixes.labels(source, "rejected").inc()
                self.rejected.labels(source, str(reject.reason)).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        kind = (method if method in METHODS else "other", route, status)
        bound = self._bound.get(kind)
        if bound is None:
            bound = self.requests.labels(kind[0], route, str(status)), self.durations.labels(route)
            self._bound[kind] = bound
        bound[0].inc()
        bound[1].observe(seconds)

    def tell(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        """Count and log an answer."""
        method = scope["method"]
        self.answered(method, route, status, seconds)
        level = logging.WARNING if status >= 500 else logging.INFO
        if LOG.isEnabledFor(level):
            source = scope.get("state", {}).get("source")
            event(
                LOG, level, "request", method=method if method in METHODS else "other", route=route,
                status=status, ms=round(seconds * 1000, 1), source=source,
            )  # fmt: skip

    async def text(self, service: Service) -> bytes:
        """All metrics in Prometheus's text format."""
        await self.figures.ask(service)
        return generate_latest(self.registry)


class MeasureMiddleware:
    """Counts, times and logs every answer by the template of its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and take the time until the last byte was handed back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self.metrics.tell(scope, template_of(scope), status, time.perf_counter() - began)


def template_of(scope: Scope) -> str:
    """The template of the route that answered; what no route answers, files of the map too, is `static`."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    return _plain_templates(scope["app"]).get(scope.get("endpoint"), "static") if "endpoint" in scope else "static"


@lru_cache(maxsize=4)
def _plain_templates(application: Starlette) -> dict[object, str]:
    """Templates by handler of the routes that are plain Starlette, which leave only their handler in a scope."""
    return {route.endpoint: route.path for route in application.routes if type(route) is Route}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus metrics. What came through a proxy is refused: they are for the machine itself."""
    if any(name in request.headers for name in PROXIED):
        raise AccessError("Metrics are not for the public.", hint="Read them on the machine itself, not by a proxy.")
    state = request.app.state
    return Response(await state.metrics.text(state.service), headers={"Content-Type": CONTENT_TYPE_LATEST})
