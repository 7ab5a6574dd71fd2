"""Documents about tilesets: metadata after OGC 17-083r4 as OGC 20-057 asks for it, lists of tilesets, TileJSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from layers.catalogue import Collection
from layers.generalise import first_zoom, statement
from tiles.axes import CRS84
from tiles.dataset import Dataset
from tiles.matrix_sets import MATRIX_SETS, WEB_MERCATOR, Box, MatrixSet
from tiles.metadata import LICENCE, TITLE
from tiles.tile_layers import DIMENSIONS, described, fields_of, is_fixed, joined, properties_of, version_in

type Document = dict[str, Any]

MVT = "application/vnd.mapbox-vector-tile"
TILEJSON = "application/vnd.mapbox.tile+json"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEME, GEODATA, DATASET = f"{REL}tiling-scheme", f"{REL}geodata", f"{REL}dataset"


@dataclass(frozen=True, slots=True)
class Origin:
    """What tilesets are of: one collection, or the dataset.

    base      address of the OGC API;  path  of the origin below it, "" for the dataset
    layers    collections inside, in the order of drawing, and the box of each in degrees
    query     that picks them, with its question mark; "" where nothing was asked for
    """

    base: str
    path: str
    layers: tuple[Collection, ...]
    boxes: tuple[Box, ...]
    query: str = ""

    @property
    def is_dataset(self) -> bool:
        """Whether it is the dataset."""
        return self.path == ""

    @property
    def box(self) -> Box:
        """The box of all that is inside."""
        return joined(list(self.boxes))

    def title(self, lang: str) -> str:
        """Its name."""
        if self.is_dataset:
            return TITLE[lang]
        return self.layers[0].title_ja if lang == "ja" else self.layers[0].title_en

    def tiles(self, matrix_set: MatrixSet | None = None) -> str:
        """Address of its tilesets, or of one of them."""
        return f"{self.base}{self.path}/tiles" + (f"/{matrix_set.set_id}" if matrix_set else "")


def _link(rel: str, media: str, href: str, title: str, **more: object) -> Document:
    return {"rel": rel, "type": media, "title": title, "href": href, **more}


def with_f(query: str, name: str) -> str:
    """A query with the parameter f."""
    return f"{query}&f={name}" if query else f"?f={name}"


def matrix_set_links(base: str, set_id: str) -> list[Document]:
    """Links of the definition of a tile matrix set."""
    own = f"{base}/tileMatrixSets/{quote(set_id)}"
    return [
        _link("self", "application/json", f"{own}?f=json", f"{set_id} as JSON"),
        _link("alternate", "text/html", f"{own}?f=html", f"{set_id} as HTML"),
    ]


def matrix_sets_document(base: str) -> Document:
    """The list of tile matrix sets."""
    own = f"{base}/tileMatrixSets"
    return {
        "tileMatrixSets": [
            {"id": s.set_id, "title": s.title, "uri": s.uri, "crs": s.crs, "links": matrix_set_links(base, s.set_id)}
            for s in MATRIX_SETS.values()
        ],
        "links": [
            _link("self", "application/json", f"{own}?f=json", "This document as JSON"),
            _link("alternate", "text/html", f"{own}?f=html", "This document as HTML"),
        ],
    }


def _head(origin: Origin, matrix_set: MatrixSet, lang: str) -> Document:
    """What a list says of a tileset."""
    own, query = origin.tiles(matrix_set), origin.query
    return {
        "title": f"{origin.title(lang)} ({matrix_set.set_id})", "dataType": "vector", "crs": matrix_set.crs,
        "tileMatrixSetId": matrix_set.set_id, "tileMatrixSetURI": matrix_set.uri,
        "links": [
            _link("self", "application/json", own + with_f(query, "json"), "This tileset as JSON"),
            _link("alternate", "text/html", own + with_f(query, "html"), "This tileset as HTML"),
            _link(SCHEME, "application/json", f"{origin.base}/tileMatrixSets/{matrix_set.set_id}?f=json",
                  "Definition of the tile matrix set"),
            _link("item", MVT, f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{query}", "Tiles", templated=True),
        ],
    }  # fmt: skip


def tilesets_document(origin: Origin, lang: str) -> Document:
    """The list of the tilesets of an origin."""
    own = origin.tiles()
    return {
        "title": origin.title(lang),
        "tilesets": [
            _head(origin, matrix_set, lang) | {"tileMatrixSetLimits": matrix_set.limits(origin.box)}
            for matrix_set in MATRIX_SETS.values()
        ],
        "links": [
            _link("self", "application/json", own + with_f(origin.query, "json"), "This document as JSON"),
            _link("alternate", "text/html", own + with_f(origin.query, "html"), "This document as HTML"),
        ],
    }


def _layer(origin: Origin, collection: Collection, box: Box, matrix_set: MatrixSet, lang: str) -> Document:
    document: Document = {
        "id": collection.tile_layer,
        "title": collection.title_ja if lang == "ja" else collection.title_en,
        "description": collection.description_ja if lang == "ja" else described(collection),
        "dataType": "vector",
        "minTileMatrix": str(max(first_zoom(collection.collection_id) - matrix_set.shift, 0)),
        "maxTileMatrix": str(matrix_set.max_zoom),
        "boundingBox": _bounding(box),
        "propertiesSchema": {"type": "object", "properties": properties_of(collection)},
        "links": [_link(GEODATA, "application/json", f"{origin.base}/collections/{collection.collection_id}?f=json",
                        "The collection")],
    }  # fmt: skip
    if collection.geometry in DIMENSIONS:
        document["geometryDimension"] = DIMENSIONS[collection.geometry]
    return document


def _bounding(box: Box) -> Document:
    return {"lowerLeft": [box[0], box[1]], "upperRight": [box[2], box[3]], "crs": CRS84, "orderedAxes": ["Lon", "Lat"]}


def _zoom_of(box: Box, matrix_set: MatrixSet) -> int:
    """The zoom at which a box is about as wide as a tile."""
    span = max(box[2] - box[0], box[3] - box[1], 1e-4)
    width = matrix_set.span if matrix_set.srid == 4326 else 360.0
    return next((z for z in range(matrix_set.max_zoom, 0, -1) if width / (1 << z) >= span), 0)


def _center(box: Box, matrix_set: MatrixSet) -> Document:
    matrix = matrix_set.document()["tileMatrices"][_zoom_of(box, matrix_set)]
    return {
        "coordinates": [round((box[0] + box[2]) / 2, 6), round((box[1] + box[3]) / 2, 6)], "crs": CRS84,
        "tileMatrix": matrix["id"], "scaleDenominator": matrix["scaleDenominator"], "cellSize": matrix["cellSize"],
    }  # fmt: skip


def tileset_document(origin: Origin, matrix_set: MatrixSet, dataset: Dataset, lang: str) -> Document:
    """One tileset, whole."""
    document = _head(origin, matrix_set, lang)
    links = document.pop("links")
    if not origin.is_dataset:
        links.append(_link(GEODATA, "application/json", f"{origin.base}{origin.path}?f=json", "The collection"))
    links.append(_link(DATASET, "application/json", f"{origin.base}/?f=json", "The dataset"))
    links.append(_link("license", "text/html", LICENCE["url"], LICENCE["name"]))
    if matrix_set is WEB_MERCATOR:
        own = origin.tiles(matrix_set) + with_f(origin.query, "tilejson")
        links.append(_link("alternate", TILEJSON, own, "This tileset as TileJSON"))
    described_as = " / ".join(c.title_ja if lang == "ja" else c.title_en for c in origin.layers)
    return document | {
        "description": described(origin.layers[0]) if not origin.is_dataset else described_as,
        "license": LICENCE["name"],
        "accessConstraints": "unclassified" if all(c.is_public for c in origin.layers) else "restricted",
        "mediaTypes": [MVT],
        "synthetic": dataset.is_synthetic,
        "boundingBox": _bounding(origin.box),
        "centerPoint": _center(origin.box, matrix_set),
        "tileMatrixSetLimits": matrix_set.limits(origin.box),
        "layers": [
            _layer(origin, c, box, matrix_set, lang) for c, box in zip(origin.layers, origin.boxes, strict=True)
        ],
        "generalisation": {str(c.tile_layer): statement(c.collection_id, matrix_set.shift) for c in origin.layers},
        "links": links,
    }


def _versioned(dataset: Dataset, collection: Collection, root: str) -> tuple[str, str]:
    """(version, address of its tiles) of a collection whose tiles never change their meaning."""
    version = version_in(dataset, collection)
    return version, f"{root}/tiles/{collection.tile_layer}/{version}/{{z}}/{{x}}/{{y}}.mvt"


def tilejson(origin: Origin, dataset: Dataset, lang: str) -> Document:
    """TileJSON 3.0.0 of the tileset in WebMercatorQuad; what has a version is addressed by its present one."""
    west, south, east, north = origin.box
    lowest = min(first_zoom(collection.collection_id) for collection in origin.layers)
    document: Document = {
        "tilejson": "3.0.0",
        "name": origin.title(lang) if origin.is_dataset else origin.layers[0].collection_id,
        "version": "1.0.0",
        "synthetic": dataset.is_synthetic,
        "scheme": "xyz",
        "tiles": [f"{origin.tiles(WEB_MERCATOR)}/{{z}}/{{y}}/{{x}}{origin.query}"],
        "bounds": [west, south, east, north],
        "center": [round((west + east) / 2, 5), round((south + north) / 2, 5), _zoom_of(origin.box, WEB_MERCATOR)],
        "minzoom": lowest,
        "maxzoom": WEB_MERCATOR.max_zoom,
        "vector_layers": _vector_layers(origin.layers),
    }
    if origin.is_dataset:
        return document | {"generalisation": {str(c.tile_layer): statement(c.collection_id) for c in origin.layers}}
    only = origin.layers[0]
    document["generalisation"] = statement(only.collection_id)
    if is_fixed(only):
        document["content_version"], address = _versioned(dataset, only, origin.base.removesuffix("/ogc"))
        document["tiles"] = [address]
    return document


def _vector_layers(layers: Sequence[Collection]) -> list[Document]:
    return [
        {
            "id": c.tile_layer, "minzoom": first_zoom(c.collection_id), "maxzoom": WEB_MERCATOR.max_zoom,
            "fields": fields_of(c), "description": described(c),
        }
        for c in layers
    ]  # fmt: skip
