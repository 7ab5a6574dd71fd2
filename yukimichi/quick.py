"""The routes that a storm asks for, found at once: one look at the path, no dependencies to solve, no body to read.

They are the routes of the framework, which stay where they are for the OpenAPI document and for every other method; a
handler that takes a request and the parts of its path, and returns a response, needs nothing else of it. Asking all
routes one after the other and solving dependencies cost as much as all the rest of an uncached tile.

`ExpressMiddleware` calls them before all other middlewares, which would do no more to a good answer than add the same
headers each time. Whoever sends a key, and whatever goes wrong, takes the long way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import psycopg
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from geo.errors import OverloadedError
from tiles.access import BY_KEY
from tiles.problems import on_database_error, on_yuki_error

#: Key of a scope under which the chosen route waits between the two calls of the router.
_CHOSEN = "yukimichi.quick"


class QuickRoutes(BaseRoute):
    """GET of some routes, by how their paths begin up to the first parameter."""

    def __init__(self, routers: Iterable[APIRouter], paths: frozenset[str]) -> None:
        found = [r for router in routers for r in router.routes if isinstance(r, APIRoute) and r.path in paths]
        missing = paths - {route.path for route in found}
        if missing:
            raise ValueError(f"No route has the path {sorted(missing)}.")
        self._routes = [(route.path.partition("{")[0], route) for route in found]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for a GET of one of the routes."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        path: str = scope["path"]
        for begin, route in self._routes:
            if not path.startswith(begin):
                continue
            parts = route.path_regex.match(path)
            if parts is not None:
                convert = route.param_convertors
                params = {name: convert[name].convert(text) for name, text in parts.groupdict().items()}
                return Match.FULL, {"endpoint": route.endpoint, "path_params": params, _CHOSEN: route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the handler, and send what it returns."""
        route: APIRoute = scope[_CHOSEN]
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive, send), **scope["path_params"])
        await response(scope, receive, send)


class ExpressMiddleware:
    """Calls the handlers of quick routes at once, and adds `headers`, which every answer of the application has.

    tell  counts and logs an answer: scope, template of the route, status, seconds
    """

    def __init__(
        self, app: ASGIApp, application: FastAPI, routes: QuickRoutes, headers: Iterable[tuple[bytes, bytes]],
        tell: Callable[[Scope, str, int, float], None],
    ) -> None:  # fmt: skip
        self.app = app
        self.application = application
        self.routes = routes
        self.headers = list(headers)
        self.tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on what is no quick route, what carries a key, and what goes wrong."""
        match, found = self.routes.matches(scope)
        if match is Match.NONE or any(name == b"authorization" for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        route: APIRoute = found[_CHOSEN]
        own = {**scope, "app": self.application, "route": route, "path_params": found["path_params"]}
        request = Request(own, receive, send)
        try:
            response = await route.endpoint(request, **found["path_params"])
        except OverloadedError as error:  # these two have waited already, and would wait once more on the long way
            response = await on_yuki_error(request, error)
        except (psycopg.Error, PoolTimeout) as error:
            response = await on_database_error(request, error)
        except Exception:
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(BY_KEY):
            response.headers.add_vary_header("Authorization")
        response.raw_headers.extend(self.headers)
        scope["route"] = route
        await response(own, receive, send)
        self.tell(scope, route.path, response.status_code, time.perf_counter() - began)
