"""A QGIS project with every collection of the catalogue: groups, styles, extent, licence; as the bytes of a .qgz file.

The CRS of the project is EPSG:3857: tiles are drawn as they are cut, without a seam, and everywhere in Japan; lengths
and areas are measured on the ellipsoid all the same. EPSG:6675 or another plane CRS is one choice in QGIS away.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pyproj import Transformer

from layers.catalogue import Collection
from layers.qgis_layers import TILE_CRS, Layer, Source, crs, feature_layer, spatialrefsys, tile_layer
from layers.qgis_styles import Wish

type Box = tuple[float, float, float, float]

#: The oldest version whose format this is.
VERSION = "3.22.0"
#: GRS 80 of JGD2011, on which lengths are measured.
ELLIPSOID = "EPSG:7019"
#: Groups from the top of the legend down: key, Japanese and English name, and their collections in drawing order.
GROUPS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("managers", "道路管理者用", "For road managers",
     ("devices", "orders", "withheld_status", "daily_reports", "service_level")),
    ("now", "現在の状況", "Now", ("ploughs", "closures", "road_status")),
    ("places", "施設・バス", "Places and buses", ("cameras", "facilities", "bus_stops", "bus_routes")),
    ("weather", "気象", "Weather", ("weather_stations", "snow")),
    ("work", "作業の記録", "Work done", ("passes",)),
    ("plans", "除雪計画", "Plans", ("priority_network", "routes", "work_sections")),
    ("reference", "基図", "Reference", ()),
)  # fmt: skip
#: What lies under everything, in drawing order; other reference layers come above.
BASE = ("roads", "coast", "municipalities")
#: What there is too much of for features alone: drawn from tiles, and asked for as features from a large scale on.
TWOFOLD = ("roads", "road_status")
#: Reference layers of these shapes come as features, which carry one label each; tiles would repeat it.
WHOLE = ("Point", "Polygon", "MultiPolygon")


def project_file(
    name: str, collections: Mapping[str, Collection], box: Box, source: Source, wish: Wish,
    geometries: Mapping[str, str], *, with_managers: bool = False,
) -> bytes:  # fmt: skip
    """The bytes of a .qgz file: a zip archive with the project as XML.

    name           of the project inside, without its ending
    box            west, south, east, north in degrees: what is shown first
    geometries     what a collection of mixed geometry really holds, by its id (Point, LineString, Polygon …)
    with_managers  also what only a manager's key opens; its layers name source.authcfg and hold no key
    """
    shown = {key: found for key, found in collections.items() if found.is_public or with_managers}
    text = project_xml(shown, box, source, wish, geometries)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{name}.qgs", (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text)
    return packed.getvalue()


def project_xml(
    collections: Mapping[str, Collection], box: Box, source: Source, wish: Wish, geometries: Mapping[str, str]
) -> bytes:
    """The project as XML, UTF-8."""
    title = wish.say("雪みち 除雪状況", "Yukimichi: state of snow removal")
    if source.is_synthetic:
        title += wish.say("（架空データ）", " (synthetic data)")
    root = Element("qgis", projectname=title, version=VERSION)
    SubElement(root, "title").text = title
    crs(root, "projectCrs", TILE_CRS)
    grouped = _grouped(collections, source, wish, geometries)
    _tree(root, grouped, wish)
    _canvas(root, box)
    below = SubElement(root, "projectlayers")
    order = SubElement(root, "layerorder")
    for layers in grouped.values():
        for layer in layers:
            below.append(layer.element)
            SubElement(order, "layer", id=layer.layer_id)
    _properties(root, title, source, wish)
    metadata = SubElement(root, "projectMetadata")
    SubElement(metadata, "identifier").text = f"{source.url}/ogc/"
    SubElement(metadata, "type").text = "dataset"
    SubElement(metadata, "title").text = title
    SubElement(metadata, "abstract").text = _note(source, wish)
    SubElement(metadata, "author").text = "Yukimichi"
    _view(root, box)
    indent(root, " ")
    doctype = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    text: bytes = tostring(root, encoding="utf-8")
    return doctype + text


def _grouped(
    collections: Mapping[str, Collection], source: Source, wish: Wish, geometries: Mapping[str, str]
) -> dict[str, list[Layer]]:
    named = {name for _, _, _, names in GROUPS for name in names}
    others = [name for name in collections if name not in named and name not in BASE]
    grouped = {}
    for key, _, _, names in GROUPS:
        wanted = names if key != "reference" else (*others, *BASE)
        found = [
            layer for name in wanted if name in collections
            for layer in _layers(collections[name], source, wish, geometries)
        ]  # fmt: skip
        if found:
            grouped[key] = found
    return grouped


def _layers(collection: Collection, source: Source, wish: Wish, geometries: Mapping[str, str]) -> list[Layer]:
    """Roads as features above tiles; a reference layer of long lines or mixed shapes as tiles; all else as features."""
    held = geometries.get(collection.collection_id, collection.geometry)
    if collection.source == "reference" and held not in WHOLE:
        return [tile_layer(collection, source, wish)]
    features = feature_layer(collection, source, wish, held, is_twofold=collection.collection_id in TWOFOLD)
    return [features, tile_layer(collection, source, wish)] if collection.collection_id in TWOFOLD else [features]


def _tree(root: Element, grouped: Mapping[str, Sequence[Layer]], wish: Wish) -> None:
    tree = SubElement(root, "layer-tree-group")
    for key, ja, en, _ in GROUPS:
        if key not in grouped:
            continue
        group = SubElement(
            tree, "layer-tree-group", name=wish.say(ja, en), checked="Qt::Checked",
            expanded="1" if key == "now" else "0",
        )  # fmt: skip
        for layer in grouped[key]:
            SubElement(
                group, "layer-tree-layer", id=layer.layer_id, name=layer.title, source=layer.datasource,
                providerKey=layer.provider, checked="Qt::Checked" if layer.is_shown else "Qt::Unchecked",
                expanded="1" if layer.layer_id == "road_status_tiles" else "0",
            )  # fmt: skip


def _mercator(box: Box) -> Box:
    west, south, east, north = box
    move = Transformer.from_crs("EPSG:4326", TILE_CRS, always_xy=True).transform
    (left, below), (right, above) = move(west, south), move(east, north)
    return left, below, right, above


def _bounds(parent: Element, box: Box) -> None:
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        SubElement(parent, name).text = f"{value:.3f}"


def _canvas(root: Element, box: Box) -> None:
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    SubElement(canvas, "units").text = "meters"
    _bounds(SubElement(canvas, "extent"), _mercator(box))
    SubElement(canvas, "rotation").text = "0"
    crs(canvas, "destinationsrs", TILE_CRS)


def _view(root: Element, box: Box) -> None:
    settings = SubElement(root, "ProjectViewSettings", UseProjectScales="0", rotation="0")
    corners = {
        name: f"{value:.3f}" for name, value in zip(("xmin", "ymin", "xmax", "ymax"), _mercator(box), strict=True)
    }
    for tag in ("DefaultViewExtent", "PresetFullExtent"):
        found = SubElement(settings, tag, corners)
        spatialrefsys(found, TILE_CRS)


def _note(source: Source, wish: Wish) -> str:
    name, address = source.licence
    parts = [wish.say(f"出典：雪みち {source.url}", f"Source: Yukimichi {source.url}"), f"{name} {address}"]
    if source.is_synthetic:
        parts.append(
            wish.say("架空データ：実在の除雪状況ではありません", "Synthetic data: no real roads, no real clearing")
        )
    return " / ".join(parts)


def _properties(root: Element, title: str, source: Source, wish: Wish) -> None:
    """Settings of the project: background, measures, and the note that stands on the map."""
    properties = SubElement(root, "properties")

    def put(group: str, values: Mapping[str, tuple[str, str]]) -> None:
        below = SubElement(properties, group)
        for name, (kind, value) in values.items():
            SubElement(below, name, type=kind).text = value

    colour = {"Red": "245", "Green": "243", "Blue": "238"}
    put("Gui", {f"CanvasColor{name}Part": ("int", value) for name, value in colour.items()})
    put("Measurement", {"DistanceUnits": ("QString", "meters"), "AreaUnits": ("QString", "m2")})
    put("Measure", {"Ellipsoid": ("QString", ELLIPSOID)})
    put("SpatialRefSys", {"ProjectionsEnabled": ("int", "1")})
    name = source.licence[0]
    words = wish.say(f"雪みち {name}", f"Yukimichi {name}")
    if source.is_synthetic:
        words = wish.say("架空データ ", "Synthetic data, ") + words
    put("CopyrightLabel", {"Enabled": ("bool", "true"), "Label": ("QString", words), "Placement": ("int", "3")})
    put("ScaleBar", {"Enabled": ("bool", "true"), "Placement": ("int", "0")})
