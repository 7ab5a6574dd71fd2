"""Layers of a QGIS project as XML elements: features by OGC API – Features, and vector tiles."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from layers.catalogue import Collection
from layers.generalise import MAX_ZOOM
from layers.qgis_labels import simple_labels, tile_labels
from layers.qgis_styles import Look, Wish, look_of, tile_look_of
from layers.qgis_symbols import options, rule_renderer, tile_renderer

#: How QGIS names geometries: of a symbol, and of the column.
GEOMETRIES = {
    "Point": "Point", "LineString": "Line", "MultiLineString": "Line", "Polygon": "Polygon", "MultiPolygon": "Polygon",
    "None": "No geometry", "Geometry": "Unknown",
}  # fmt: skip
#: What changes with the clock is drawn again this often, milliseconds.
REFRESH_MS = 60_000
#: Tiles are Web Mercator, features are asked for in degrees.
TILE_CRS, FEATURE_CRS = "EPSG:3857", "EPSG:4326"
#: Row of each in the table of CRS that QGIS ships (srs.db); it does not look at a code alone.
SRSIDS = {TILE_CRS: 3857, FEATURE_CRS: 3452}


@dataclass(frozen=True, slots=True)
class Source:
    """Where layers come from, and what has to be said of it.

    url           address of the service, without a slash at its end
    authcfg       id of the authentication configuration that holds the key, for what is not public
    licence       its name and its address
    is_synthetic  whether it is made up, which every layer then says
    """

    url: str
    authcfg: str
    licence: tuple[str, str]
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the project: its element, and what the tree of layers says of it."""

    layer_id: str
    title: str
    datasource: str
    provider: str
    is_shown: bool
    element: Element


def feature_layer(
    collection: Collection, source: Source, wish: Wish, geometry: str, *, is_twofold: bool = False
) -> Layer:
    """A layer of features, asked for by the extent of the map.

    geometry    a key of GEOMETRIES, what the collection really holds
    is_twofold  there is a layer of tiles as well
    """
    look = look_of(collection, wish, geometry)
    layer_id = f"{collection.collection_id}_features"
    title = wish.say(collection.title_ja, collection.title_en)
    if is_twofold:
        title += wish.say("（地物・属性）", " (features, attributes)")
    uri = (
        f"pagingEnabled='true' restrictToRequestBBOX='1' srsname='OGC:CRS84' typename='{collection.collection_id}' "
        f"url='{source.url}/ogc/' version='OGC_API_FEATURES'"
    )
    if not collection.is_public:
        uri = f"authcfg={source.authcfg} {uri}"
    element = _maplayer(
        layer_id, title, uri, "OAPIF", FEATURE_CRS, look, source, wish, collection,
        {"type": "vector", "geometry": GEOMETRIES[geometry],
         "wkbType": {"None": "NoGeometry", "Geometry": "Unknown"}.get(geometry, geometry),
         "labelsEnabled": "1" if look.labels else "0", "simplifyDrawingHints": "1"},
    )  # fmt: skip
    if look.rules and geometry != "None":
        rule_renderer(element, layer_id, look.rules)
    for label in look.labels[:1]:
        simple_labels(element, label)
    _fields(element, collection, wish, look.tip)
    return Layer(layer_id, title, uri, "OAPIF", look.is_shown, element)


def tile_layer(collection: Collection, source: Source, wish: Wish) -> Layer:
    """A layer of vector tiles; their addresses hold no version, so that the project goes on when roads change."""
    look = tile_look_of(collection, wish)
    layer_id = f"{collection.collection_id}_tiles"
    title = wish.say(collection.title_ja, collection.title_en)
    address = f"{source.url}/ogc/collections/{collection.collection_id}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    uri = f"type=xyz&url={quote(address, safe=':/{}')}&zmin=0&zmax={MAX_ZOOM}"
    element = _maplayer(
        layer_id, title, uri, "vectortile", TILE_CRS, look, source, wish, collection, {"type": "vector-tile"}
    )
    name = str(collection.tile_layer)
    tile_renderer(element, name, look.rules)
    tile_labels(element, name, list(look.labels))
    return Layer(layer_id, title, uri, "vectortile", look.is_shown, element)


def crs(parent: Element, tag: str, authority: str) -> Element:
    """A CRS by its code and QGIS's own number of it; QGIS looks up the rest."""
    found = SubElement(parent, tag)
    spatialrefsys(found, authority)
    return found


def spatialrefsys(parent: Element, authority: str) -> Element:
    """The element that names a CRS."""
    found = SubElement(parent, "spatialrefsys")
    SubElement(found, "srsid").text = str(SRSIDS[authority])
    SubElement(found, "srid").text = authority.partition(":")[2]
    SubElement(found, "authid").text = authority
    return found


def _maplayer(
    layer_id: str, title: str, uri: str, provider: str, authority: str, look: Look, source: Source, wish: Wish,
    collection: Collection, attributes: dict[str, str],
) -> Element:  # fmt: skip
    element = Element("maplayer", attributes)
    element.attrib |= {
        "styleCategories": "AllStyleCategories", "readOnly": "1", "refreshOnNotifyEnabled": "0",
        "autoRefreshEnabled": "1" if collection.is_live else "0",
        "autoRefreshTime": str(REFRESH_MS if collection.is_live else 0),
        "hasScaleBasedVisibilityFlag": "1" if look.scale_max else "0",
        "minScale": str(look.scale_max or 100_000_000), "maxScale": "0",
    }  # fmt: skip
    SubElement(element, "id").text = layer_id
    SubElement(element, "datasource").text = uri
    name, address = source.licence
    note = wish.say("架空データ", "synthetic data") if source.is_synthetic else ""
    attribution = " ".join(filter(None, [wish.say("雪みち", "Yukimichi"), name, note]))
    SubElement(element, "attribution", href=address).text = attribution
    SubElement(element, "layername").text = title
    crs(element, "srs", authority)
    metadata = SubElement(element, "resourceMetadata")
    SubElement(metadata, "identifier").text = f"{source.url}/ogc/collections/{collection.collection_id}"
    SubElement(metadata, "type").text = "dataset"
    SubElement(metadata, "title").text = title
    said = wish.say(collection.description_ja, collection.description)
    SubElement(metadata, "abstract").text = f"{note}: {said}" if note else said
    SubElement(metadata, "rights").text = attribution
    SubElement(metadata, "license").text = name
    SubElement(element, "provider", encoding="UTF-8").text = provider
    flags = SubElement(element, "flags")
    for flag, value in (("Identifiable", 1), ("Removable", 1), ("Searchable", 1), ("Private", 0)):
        SubElement(flags, flag).text = str(value)
    options(SubElement(element, "customproperties"), {})
    SubElement(element, "blendMode").text = "0"
    SubElement(element, "layerOpacity").text = "1"
    return element


def _fields(element: Element, collection: Collection, wish: Wish, tip: str) -> None:
    """Names of columns as people read them, and what a click shows first."""
    aliases = SubElement(element, "aliases")
    for i, column in enumerate(collection.columns):
        words = wish.say(column.ja, column.name.replace("_", " "))
        SubElement(aliases, "alias", field=column.name, index=str(i), name=words)
    if tip:
        SubElement(element, "previewExpression").text = tip
        SubElement(element, "mapTip").text = f"[% {tip} %]"
