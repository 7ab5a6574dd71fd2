"""A look-alike of an ArcGIS server on loopback: answers layer and query as the published REST specification says.

It evaluates `where` as SQL, reprojects to outSR, holds to maxRecordCount, and puts errors inside answers of status 200.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pyproj import Transformer

ROOT = "/arcgis/rest/services/Winter/FeatureServer"
TYPES = {"esriFieldTypeOID": "INTEGER", "esriFieldTypeDate": "INTEGER", "esriFieldTypeInteger": "INTEGER",
         "esriFieldTypeDouble": "REAL"}  # fmt: skip


class Refused(Exception):
    """Becomes an error object inside an answer of status 200."""

    def __init__(self, code: int, message: str, *details: str) -> None:
        super().__init__(message)
        self.body = {"error": {"code": code, "message": message, "details": list(details)}}


@dataclass
class LookAlike:
    """A layer of a service. Rows are {attributes}, geometry in the layer's own wkid; change them while it runs.

    answers  what comes before the next true answers: (status, headers, body)
    asked    (method, operation, parameters) of every request
    """

    fields: dict[str, str]
    geometry_type: str | None = "esriGeometryPoint"
    rows: list[tuple[dict[str, Any], dict[str, Any] | None]] = field(default_factory=list)
    wkid: int = 6675
    max_record_count: int = 1000
    has_paging: bool = True
    says_limit: bool = True
    edit_field: str | None = None
    edit_zone: str = "UTC"
    token: str | None = None
    honours_out_sr: bool = True
    described: dict[str, Any] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def object_id(self) -> str:
        return next(name for name, kind in self.fields.items() if kind == "esriFieldTypeOID")

    def queries(self) -> list[dict[str, str]]:
        """Parameters of the queries for features, not for counts."""
        return [asked for _, operation, asked in self.asked if operation == "query" and "returnCountOnly" not in asked]

    def description(self) -> dict[str, Any]:
        global_id = next((name for name, kind in self.fields.items() if kind == "esriFieldTypeGlobalID"), "")
        tracking = {
            "creationDateField": "created_date", "creatorField": "created_user", "editorField": "last_edited_user",
            "editDateField": self.edit_field,
            "dateFieldsTimeReference": {"timeZone": self.edit_zone, "respectsDaylightSaving": False},
        }  # fmt: skip
        return {
            "currentVersion": 11.1, "id": 0, "name": "Ploughs",
            "type": "Feature Layer" if self.geometry_type else "Table",
            "geometryType": self.geometry_type, "hasZ": False, "hasM": False,
            "capabilities": "Query,Sync", "supportedQueryFormats": "JSON, geoJSON",
            "maxRecordCount": self.max_record_count,
            "objectIdField": self.object_id, "globalIdField": global_id,
            "advancedQueryCapabilities": {"supportsPagination": self.has_paging, "supportsOrderBy": True},
            "extent": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "spatialReference": {"wkid": self.wkid}},
            "fields": [
                {"name": name, "type": kind, "alias": name, "nullable": True, "domain": None, "defaultValue": None}
                for name, kind in self.fields.items()
            ],
        } | ({"editFieldsInfo": tracking} if self.edit_field else {}) | self.described  # fmt: skip

    def query(self, asked: dict[str, str]) -> dict[str, Any]:
        """The answer to a query."""
        chosen = self._chosen(asked)
        if asked.get("returnCountOnly") == "true":
            return {"count": len(chosen)}
        ids = [attributes[self.object_id] for attributes, _ in chosen]
        if asked.get("returnIdsOnly") == "true":
            return {"objectIdFieldName": self.object_id, "objectIds": ids or None}
        offset = int(asked.get("resultOffset", 0))
        limit = min(int(asked.get("resultRecordCount", self.max_record_count)), self.max_record_count)
        page = chosen[offset : offset + limit]
        wkid = int(asked.get("outSR", self.wkid)) if self.honours_out_sr else self.wkid
        answer: dict[str, Any] = {
            "objectIdFieldName": self.object_id,
            "globalIdFieldName": "",
            "geometryType": self.geometry_type,
            "spatialReference": {"wkid": wkid, "latestWkid": wkid},
            "features": [self._feature(row, wkid, asked) for row in page],
        }
        if page:
            answer["fields"] = self.description()["fields"]
        if len(chosen) > offset + limit and self.says_limit:
            answer["exceededTransferLimit"] = True
        return answer

    def _chosen(self, asked: dict[str, str]) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Rows for which `where` or `objectIds` hold, in the order asked for."""
        if {"resultOffset", "resultRecordCount"} & asked.keys() and not self.has_paging:
            raise Refused(400, "Unable to complete operation.", "Pagination is not supported.")
        if not {"where", "objectIds"} & asked.keys():
            raise Refused(400, "Cannot perform query. Invalid query parameters.", "'where' parameter not specified")
        database = sqlite3.connect(":memory:")
        columns = ", ".join(f'"{name}" {TYPES.get(kind, "TEXT")}' for name, kind in self.fields.items())
        database.execute(f"CREATE TABLE layer (position INTEGER, {columns})")
        marks = ", ".join("?" for _ in range(len(self.fields) + 1))
        for i, (attributes, _) in enumerate(self.rows):
            values = [attributes.get(name) for name in self.fields]
            database.execute(f"INSERT INTO layer VALUES ({marks})", [i, *values])  # noqa: S608
        where = self._as_sqlite(asked.get("where", "1=1"))
        if "objectIds" in asked:
            where += f" AND {self.object_id} IN ({','.join(str(int(one)) for one in asked['objectIds'].split(','))})"
        try:
            order = asked.get("orderByFields", "position")
            found = database.execute(f"SELECT position FROM layer WHERE {where} ORDER BY {order}").fetchall()  # noqa: S608
        except sqlite3.Error as error:
            raise Refused(400, "Cannot perform query. Invalid query parameters.", f"'where': {error}") from error
        return [self.rows[position] for (position,) in found]

    def _as_sqlite(self, where: str) -> str:
        """Dates as milliseconds, read on the clock of the layer."""

        def milliseconds(found: re.Match[str]) -> str:
            zone = UTC if self.edit_zone == "UTC" else ZoneInfo(self.edit_zone)
            moment = datetime.strptime(found.group(1), "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
            return str(int(moment.timestamp() * 1000))

        return re.sub(r"timestamp '([^']*)'", milliseconds, where)

    def _feature(
        self, row: tuple[dict[str, Any], dict[str, Any] | None], wkid: int, asked: dict[str, str]
    ) -> dict[str, Any]:
        attributes, geometry = row
        feature: dict[str, Any] = {"attributes": attributes}
        if asked.get("returnGeometry") == "true" and geometry is not None:
            feature["geometry"] = self._moved(geometry, wkid)
        return feature

    def _moved(self, geometry: dict[str, Any], wkid: int) -> dict[str, Any]:
        move = Transformer.from_crs(self.wkid, wkid, always_xy=True)

        def point(xy: list[Any]) -> list[Any]:
            return [*move.transform(xy[0], xy[1]), *xy[2:]] if all(isinstance(v, int | float) for v in xy) else xy

        if "x" in geometry:
            x, y = point([geometry["x"], geometry["y"]])
            return {"x": x, "y": y}
        return {
            key: [[point(one) for one in part] for part in value] if key in ("paths", "rings") else value
            for key, value in geometry.items()
        }

    def answer(self, method: str, path: str, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        operation = path.removeprefix(ROOT).strip("/").removeprefix("0").strip("/")
        self.asked.append((method, operation, asked))
        if self.answers:
            return self.answers.pop(0)
        if asked.get("f") != "json":
            return 200, {"Content-Type": "text/html"}, b"<html><title>ArcGIS REST Services Directory</title></html>"
        try:
            if self.token is not None and asked.get("token") != self.token:
                raise Refused(498, "Invalid Token") if "token" in asked else Refused(499, "Token Required")
            if not path.startswith(ROOT + "/0"):
                body: dict[str, Any] = {"currentVersion": 11.1, "layers": [{"id": 0, "name": "Ploughs"}], "tables": []}
            else:
                body = self.query(asked) if operation == "query" else self.description()
        except Refused as refused:
            body = refused.body
        return 200, {"Content-Type": "application/json;charset=UTF-8"}, json.dumps(body).encode()


@contextmanager
def serving(layer: LookAlike) -> Iterator[LookAlike]:
    """The layer on a port of its own; `url` is set."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, method: str, form: str) -> None:
            asked = dict(parse_qsl(form, keep_blank_values=True))
            status, headers, body = layer.answer(method, urlsplit(self.path).path, asked)
            if "gzip" in self.headers.get("Accept-Encoding", "") and "Content-Encoding" not in headers:
                body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    layer.url = f"http://127.0.0.1:{server.server_address[1]}{ROOT}/0"
    try:
        yield layer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
