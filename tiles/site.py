"""What the map page starts from, and the pages around the API. Every asset is of our own host."""

from __future__ import annotations

from html import escape
from math import log2
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiles.basemap import basemap_version
from tiles.dataset import Dataset
from tiles.pages import CSP, STYLE, STYLE_PATH
from tiles.parameters import LANGUAGES, refuse_unknown
from tiles.service import Service, service_of
from tiles.web_files import PackedFiles

router = APIRouter(tags=["service"])

#: The map makes its worker from a blob; everything else comes from this host, and no script stands in the page.
WEB_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; child-src blob:; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
TITLES = {"title_ja": "雪みち", "title_en": "Yukimichi"}


def start_view(dataset: Dataset) -> tuple[list[float], float]:
    """Middle of the roads and the zoom at which they fit a screen of 512 pixels."""
    west, south, east, north = dataset.bbox
    span_deg = max(east - west, (north - south) * 1.25, 1e-3)
    return [round((west + east) / 2, 5), round((south + north) / 2, 5)], round(min(log2(360 / span_deg), 16.0), 2)


def config_of(service: Service) -> dict[str, Any]:
    """What the map page needs to know of this service. Raises DatabaseProblem before the first publication."""
    dataset = service.dataset
    center, zoom = start_view(dataset)
    return {
        **TITLES,
        "center": center,
        "zoom": zoom,
        "bbox": list(dataset.bbox),
        "network_version": dataset.network_version,
        "roads_version": dataset.roads_version,
        "reference_version": dataset.reference_version,
        "places_version": dataset.places_version,
        "basemap_version": basemap_version(dataset),
        "reference_layers": list(dataset.reference_layers),
        "synthetic": dataset.is_synthetic,
        "traffic_side": service.settings.traffic_side,
        "languages": list(LANGUAGES),
        "timezone": service.settings.timezone,
    }


@router.get("/config.json")
async def config(request: Request) -> Response:
    """What the map page needs to know of this service."""
    refuse_unknown(request.query_params, ())
    return JSONResponse(config_of(service_of(request)), headers={"Cache-Control": "no-cache"})


@router.get(STYLE_PATH, include_in_schema=False)
async def style() -> Response:
    """The style sheet of the plain pages."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _operations(application: FastAPI) -> str:
    rows = []
    for path, methods in application.openapi()["paths"].items():
        for method, operation in methods.items():
            names = ", ".join(p["name"] for p in operation.get("parameters", ()))
            cells = (method.upper(), path, operation.get("description", ""), names)
            rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return "".join(rows)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The API on one plain page."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Yukimichi API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body><nav><a href="/">Map 地図</a></nav>'
        "<h1>Yukimichi 雪みち API</h1><ul>"
        '<li><a href="/ogc/?f=html">OGC API Features</a>: every collection '
        '(<a href="/ogc/openapi?f=json">OpenAPI</a>)</li>'
        '<li><a href="/openapi.json">OpenAPI of the rest</a></li></ul>'
        f"<table><tr><th></th><th>Path</th><th>What</th><th>Parameters</th></tr>{_operations(request.app)}</table>"
        "</body></html>"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": CSP})


def mount_web(application: FastAPI, service: Service) -> None:
    """Serve the map page's files at /, after every other route."""
    application.mount("/", PackedFiles(service.web_files), name="web")


class SecurityMiddleware:
    """Puts the security headers on every answer, and the map's content policy on pages that bring none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and add headers to the start of the answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", WEB_CSP)
                if scope["type"] == "http" and message["status"] == 200:
                    headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self.app(scope, receive, with_headers)
