"""The two tile matrix sets that are served, and which of their tiles a box meets. Pure arithmetic.

WebMercatorQuad and WorldCRS84Quad are those of the OGC Two Dimensional Tile Matrix Set and Tile Set Metadata standard,
version 2.0 (OGC 17-083r4, annex D), as its register has them. WorldCRS84Quad has two tiles side by side at its first
zoom, each half as wide as the one of WebMercatorQuad; so its zoom z shows as much as zoom z + 1 there, which is called
`detail` here: what a zoom leaves out goes by detail, and both sets end where detail is MAX_ZOOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees, pi, sinh
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFoundError
from layers.generalise import EQUATOR_M, MAX_ZOOM

type Document = dict[str, Any]
type Box = tuple[float, float, float, float]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Units of a tile's own grid, and how many beyond its edge are drawn too, so that wide lines do not break there.
EXTENT, BUFFER = 4096, 128
#: The same as a share of the tile's width.
MARGIN = BUFFER / EXTENT
#: Pixels by which the standard counts a tile's width, and the size of its pixel in metres (OGC 17-083r4 §6.1).
TILE_PX, PIXEL_M = 256, 0.00028
#: Zooms that the documents of the sets list.
LISTED = 24
#: Equator of WGS 84 through 360: metres a degree.
DEGREE_M = EQUATOR_M / 360
#: Latitude at which the square of EPSG:3857 ends.
LAT_MAX = degrees(atan(sinh(pi)))


@dataclass(frozen=True, slots=True)
class MatrixSet:
    """One tile matrix set, whose tiles are squares of `span / 2^z` from its upper left corner (west, north).

    srid        of its coordinates in PostGIS, x = east
    axes        names of the axes in the order in which its documents write them; east comes first in both
    columns     tiles side by side at zoom 0; there is one row
    unit_m      metres of one unit of its coordinates at the equator
    shift       its zoom z shows what zoom z + shift of WebMercatorQuad shows
    """

    set_id: str
    title: str
    crs: str
    srid: int
    axes: tuple[str, str]
    scale_set: str
    west: float
    north: float
    span: float
    columns: int
    unit_m: float
    shift: int

    @property
    def uri(self) -> str:
        """Where the register has it."""
        return f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{self.set_id}"

    @property
    def max_zoom(self) -> int:
        """The last zoom that is served; clients enlarge its tiles."""
        return MAX_ZOOM - self.shift

    def detail(self, z: int) -> int:
        """The zoom of WebMercatorQuad whose tiles are as wide at the equator."""
        return z + self.shift

    def pixel(self, z: int) -> float:
        """Width of a pixel where a tile is drawn 512 pixels wide, in units of the CRS."""
        return self.span / (1 << z) / 512

    def box(self, z: int, x: int, y: int, margin: float = 0.0) -> Box:
        """West, south, east, north of a tile in its CRS, wider by `margin` of its width on each side."""
        width = self.span / (1 << z)
        west, north = self.west + x * width, self.north - y * width
        wider = margin * width
        return west - wider, north - width - wider, west + width + wider, north + wider

    def check(self, z: int, x: int, y: int) -> None:
        """Raise NotFoundError for a tile outside the matrices that are served."""
        if not 0 <= z <= self.max_zoom:
            raise NotFoundError(
                f"No tiles in the tile matrix {z} of {self.set_id}.",
                hint=f"Tiles end at zoom {self.max_zoom}; clients enlarge them.",
            )
        columns, rows = self.columns << z, 1 << z
        if not (0 <= x < columns and 0 <= y < rows):
            raise NotFoundError(
                f"No tile in column {x}, row {y} of the tile matrix {z} of {self.set_id}.",
                hint=f"Columns run from 0 to {columns - 1}, rows from 0 to {rows - 1}.",
            )

    def planar(self, boxes: Floats) -> Floats:
        """(N, 4) west, south, east, north in degrees as coordinates of the set; what lies beyond its square is cut."""
        if self.srid != 3857:
            return boxes
        lat = np.radians(np.clip(boxes[:, 1::2], -LAT_MAX, LAT_MAX))
        planar = np.empty_like(boxes)
        planar[:, ::2] = boxes[:, ::2] * DEGREE_M
        planar[:, 1::2] = np.arcsinh(np.tan(lat)) * (EQUATOR_M / 2 / pi)
        return planar

    def reach(self, boxes: Floats, z: int) -> Ints:
        """(N, 4) first column, first row, last column, last row of the tiles that draw something of each box.

        boxes  (N, 4) west, south, east, north in degrees. A tile draws what lies within its margin too.
        """
        return self.reach_planar(self.planar(boxes), z)

    def reach_planar(self, planar: Floats, z: int) -> Ints:
        """As `reach`, of (N, 4) boxes in coordinates of the set."""
        width = self.span / (1 << z)
        low = np.column_stack([planar[:, 0] - self.west, self.north - planar[:, 3]]) / width - MARGIN
        high = np.column_stack([planar[:, 2] - self.west, self.north - planar[:, 1]]) / width + MARGIN
        last = np.array([(self.columns << z) - 1, (1 << z) - 1])
        ends = [np.clip(np.floor(end), 0, last) for end in (low, high)]
        return np.column_stack(ends).astype(np.int64)

    def limits(self, box: Box) -> list[Document]:
        """tileMatrixSetLimits of each zoom that is served, for a box in degrees."""
        found = []
        for z in range(self.max_zoom + 1):
            left, top, right, bottom = (int(n) for n in self.reach(np.array([box], np.float64), z)[0])
            found.append({"tileMatrix": str(z), "minTileRow": top, "maxTileRow": bottom,
                          "minTileCol": left, "maxTileCol": right})  # fmt: skip
        return found

    def document(self) -> Document:
        """The definition after OGC 17-083r4."""
        matrices = []
        for z in range(LISTED + 1):
            cell = self.span / (1 << z) / TILE_PX
            matrices.append({
                "id": str(z), "scaleDenominator": cell * self.unit_m / PIXEL_M, "cellSize": cell,
                "cornerOfOrigin": "topLeft", "pointOfOrigin": [self.west, self.north],
                "tileWidth": TILE_PX, "tileHeight": TILE_PX, "matrixWidth": self.columns << z, "matrixHeight": 1 << z,
            })  # fmt: skip
        return {
            "id": self.set_id, "title": self.title, "uri": self.uri, "crs": self.crs, "orderedAxes": list(self.axes),
            "wellKnownScaleSet": self.scale_set, "tileMatrices": matrices,
        }  # fmt: skip


WEB_MERCATOR = MatrixSet(
    "WebMercatorQuad", "Google Maps Compatible for the World", "http://www.opengis.net/def/crs/EPSG/0/3857", 3857,
    ("X", "Y"), "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
    -EQUATOR_M / 2, EQUATOR_M / 2, EQUATOR_M, 1, 1.0, 0,
)  # fmt: skip
WORLD_CRS84 = MatrixSet(
    "WorldCRS84Quad", "CRS84 for the World", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326,
    ("Lon", "Lat"), "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
    -180.0, 90.0, 180.0, 2, DEGREE_M, 1,
)  # fmt: skip
MATRIX_SETS = {found.set_id: found for found in (WEB_MERCATOR, WORLD_CRS84)}


def matrix_set_of(set_id: str) -> MatrixSet:
    """The set of that name. Raises NotFoundError."""
    found = MATRIX_SETS.get(set_id)
    if found is None:
        raise NotFoundError(f"No tile matrix set {set_id[:80]!r}.", hint=f"Use {' or '.join(MATRIX_SETS)}.")
    return found


def degrees_of(matrix_set: MatrixSet, box: Box) -> Box:
    """A box of the set's coordinates in degrees, cut at the ends of the world."""
    west, south, east, north = box
    if matrix_set.srid == 3857:
        west, east = west / DEGREE_M, east / DEGREE_M
        south, north = (degrees(atan(sinh(y / (EQUATOR_M / 2 / pi)))) for y in (south, north))
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def mercator_of(matrix_set: MatrixSet, box: Box) -> Box:
    """A box of the set's coordinates in EPSG:3857, cut at the ends of that square."""
    if matrix_set.srid == 3857:
        return box
    west, south, east, north = WEB_MERCATOR.planar(np.array([degrees_of(matrix_set, box)], np.float64))[0]
    return float(west), float(south), float(east), float(north)
