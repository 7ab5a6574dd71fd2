"""`yukimichi export qgis`: what the project needs to know of the published data, and the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from geo.db import Role, Row, read_sql
from geo.errors import ConflictError, InputError
from geo.timeline import now
from layers.catalogue import Collection, collections
from layers.qgis_layers import Source
from layers.qgis_project import project_file
from layers.qgis_styles import Wish
from tiles.metadata import LICENCE
from yukimichi.context import Context

#: Id of the authentication configuration of QGIS that a manager makes once; seven letters or digits, as QGIS has it.
AUTHCFG = "yukimgr"
#: Kinds of shapes as PostGIS names them, and as a project does.
KINDS = {
    "POINT": "Point", "LINESTRING": "LineString", "MULTILINESTRING": "MultiLineString", "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QgisReport:
    """What was written."""

    file: str
    url: str
    n_collections: int
    n_bytes: int
    authcfg: str | None


def export_qgis(
    context: Context, file: Path, *, url: str | None = None, lang: str = "ja", with_managers: bool = False,
    authcfg: str = AUTHCFG,
) -> QgisReport:  # fmt: skip
    """Write a QGIS project of all published layers to `file` (.qgz), in the place of one that is there.

    url            address of the service as clients reach it; None: as config.yml says
    lang           ja or en
    with_managers  also what only a manager's key opens. The file names the configuration `authcfg`, never a key

    Raises InputError for an address, a name or an id that cannot be used, ConflictError before the first publication.
    """
    server = context.settings.server
    address = _address(url or f"http://{server.host}:{server.port}")
    if file.suffix.lower() != ".qgz":
        raise InputError(f"{file}: a QGIS project that is packed ends in .qgz.", hint=f"Write to {file.stem}.qgz.")
    if not re.fullmatch("[A-Za-z0-9]{7}", authcfg):
        raise InputError(f"{authcfg!r} is no id of QGIS.", hint="It has seven letters or digits.")
    if not file.parent.is_dir():
        raise InputError(f"{file.parent}: no such folder.", hint="Make it first.")
    role = Role.MANAGER if with_managers else Role.READER
    with context.database.connect(role) as connection:
        dataset, layers = _published(connection)
        known = collections(layers)
        kinds = _kinds(connection, {key: c for key, c in known.items() if c.is_public or with_managers})
    box = (dataset["west"], dataset["south"], dataset["east"], dataset["north"])
    licence = (LICENCE["name"], LICENCE["url"])
    source = Source(address, authcfg, licence, is_synthetic=bool(dataset["is_synthetic"]))
    wish = Wish(lang, context.settings.traffic_side)
    packed = project_file(file.stem, known, box, source, wish, kinds, with_managers=with_managers)
    file.write_bytes(packed)
    n_shown = sum(found.is_public or with_managers for found in known.values())
    return QgisReport(str(file), address, n_shown, len(packed), authcfg if with_managers else None)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"{url!r} is no address of a service.", hint="Write it like https://yuki.example.jp.")
    if parts.username or parts.password:
        raise InputError("The address holds a name or a password.", hint="Keys belong into QGIS, see docs/qgis.md.")
    if re.search(r"['&\s]", url):
        raise InputError(f"{url!r} holds a sign that QGIS does not take in addresses.", hint="Use a plain address.")
    return url.rstrip("/").removesuffix("/ogc")


def _published(connection: psycopg.Connection[Row]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The row of pub.dataset, and the names of the reference layers."""
    with connection.cursor(row_factory=dict_row) as cursor:
        dataset = cursor.execute(read_sql("tiles", "dataset")).fetchone()
    if dataset is None:
        raise ConflictError("Nothing is published yet.", hint="Run `yukimichi refresh` first.")
    found = connection.execute(read_sql("tiles", "reference_layers")).fetchall()
    return dataset, tuple(str(row[0]) for row in found)


def _kinds(connection: psycopg.Connection[Row], known: Mapping[str, Collection]) -> dict[str, str]:
    """What collections of mixed shapes hold, the most frequent first; None where nothing has a shape."""
    kinds = {}
    for key, found in known.items():
        if found.geometry != "Geometry":
            continue
        source = sql.SQL(read_sql("layers", f"collections/{found.source}"))
        asked = sql.SQL(read_sql("yukimichi", "shape_kinds")).format(source=source)
        params = {"as_of": now(), "state_ja": "{}", "layer": key, "sees_all": True, "contractor": None}
        params |= {"sees_every_manager": True, "manager_of": None}
        row = connection.execute(asked, params).fetchone()
        kinds[key] = "None" if row is None else KINDS.get(str(row[0]), "Geometry")
    return kinds
