"""The routes that a storm asks for, found at once: one look at the path, no dependencies to solve, no body to read.

They are the routes of the framework, which stay where they are for the OpenAPI document and for every other method; a
handler that takes a request and the parts of its path, and returns a response, needs nothing else of it. Asking all
routes one after the other and solving dependencies cost as much as all the rest of an uncached tile.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

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
