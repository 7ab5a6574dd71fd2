"""The QGIS project: every collection is in it, styled and scaled, in both languages, and no key ever is."""

from __future__ import annotations

import io
import zipfile
from xml.etree.ElementTree import Element, fromstring

import pytest

from layers.catalogue import COLLECTIONS, collections
from layers.qgis_layers import Source
from layers.qgis_project import GROUPS, TWOFOLD, project_file
from layers.qgis_styles import Wish
from layers.styles import STATE_CLASSES

BOX = (136.5, 36.5, 136.9, 36.7)
KNOWN = collections(("coast", "settlements", "emergency_roads"))
KINDS = {
    "municipalities": "MultiPolygon", "coast": "LineString", "settlements": "Point", "emergency_roads": "Geometry",
    "work_sections": "Polygon", "orders": "LineString", "service_level": "None",
}  # fmt: skip


def project(lang: str = "ja", *, with_managers: bool = False, is_synthetic: bool = True) -> Element:
    """The XML of a project."""
    source = Source("https://yuki.example.jp", "yukimgr", ("CC BY 4.0", "https://example.org/by"), is_synthetic)
    packed = project_file("yukimichi", KNOWN, BOX, source, Wish(lang), KINDS, with_managers=with_managers)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["yukimichi.qgs"]
        return fromstring(archive.read("yukimichi.qgs"))


def sources(root: Element) -> dict[str, str]:
    """Address of each layer by its id."""
    return {str(layer.findtext("id")): str(layer.findtext("datasource")) for layer in root.iter("maplayer")}


def asked(root: Element) -> set[str]:
    """The collections that some layer asks for."""
    texts = sources(root).values()
    return {key for key in KNOWN for text in texts if f"typename='{key}'" in text or f"/{key}/tiles/" in text}


def test_every_public_collection_is_there_and_nothing_else() -> None:
    assert asked(project()) == {key for key, found in KNOWN.items() if found.is_public}
    assert len(COLLECTIONS) > 10


def test_managers_get_every_collection_by_an_id_and_never_a_key() -> None:
    root = project(with_managers=True)
    assert asked(root) == set(KNOWN)
    for key, text in ((key, text) for key in KNOWN for text in sources(root).values() if f"typename='{key}'" in text):
        assert ("authcfg=yukimgr" in text) == (not KNOWN[key].is_public), key
    assert "Bearer" not in "".join(root.itertext())
    assert not any("authcfg" in text for text in sources(project()).values())


def test_the_tree_shows_each_layer_once_in_a_named_group() -> None:
    for lang, column in (("ja", 1), ("en", 2)):
        root = project(lang, with_managers=True)
        groups = root.findall("layer-tree-group/layer-tree-group")
        assert [group.get("name") for group in groups] == [group[column] for group in GROUPS]
        shown = [layer.get("id") for group in groups for layer in group]
        assert sorted(map(str, shown)) == sorted(sources(root))
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_names_are_in_the_language_that_is_wished_for(lang: str) -> None:
    root = project(lang, with_managers=True)
    names = {layer.findtext("id"): str(layer.findtext("layername")) for layer in root.iter("maplayer")}
    for key, found in KNOWN.items():
        own = [name for layer_id, name in names.items() if str(layer_id).rpartition("_")[0] == key]
        assert own, key
        assert all(name.startswith(found.title_ja if lang == "ja" else found.title_en) for name in own), key
    aliases = {alias.get("field"): alias.get("name") for alias in root.iter("alias")}
    assert aliases["valid_until"] == ("有効期限" if lang == "ja" else "valid until")


def test_states_have_all_classes_in_both_kinds_of_layers_the_worst_above() -> None:
    root = project()
    for layer_id, path in (
        ("road_status_tiles", "renderer/styles/style"),
        ("road_status_features", "renderer-v2/rules/rule"),
    ):
        layer = next(found for found in root.iter("maplayer") if found.findtext("id") == layer_id)
        rules = layer.findall(path)
        assert [rule.get("name") or rule.get("label") for rule in rules] == [found.ja for found in STATE_CLASSES]
        for found, rule in zip(STATE_CLASSES, rules, strict=True):
            assert str(rule.get("expression") or rule.get("filter")).endswith(f"= '{found.key}'")
    features = next(found for found in root.iter("maplayer") if found.findtext("id") == "road_status_features")
    levels = [
        [part.get("pass") for part in symbol.findall("layer")]
        for symbol in features.findall("renderer-v2/symbols/symbol")
    ]
    assert [set(level) for level in levels] == [{str(i)} for i in range(len(STATE_CLASSES))]


def test_what_is_much_is_asked_for_close_up_alone_and_by_the_extent_of_the_map() -> None:
    root = project()
    for layer in root.iter("maplayer"):
        layer_id, text = str(layer.findtext("id")), str(layer.findtext("datasource"))
        if layer.findtext("provider") == "OAPIF":
            assert "restrictToRequestBBOX='1'" in text
        if layer_id in {f"{key}_features" for key in (*TWOFOLD, "passes")}:
            assert layer.get("hasScaleBasedVisibilityFlag") == "1"
            assert 0 < float(str(layer.get("minScale"))) <= 50_000
    shown = {layer.get("id"): layer.get("checked") for layer in root.iter("layer-tree-layer")}
    assert shown["road_status_tiles"] == "Qt::Checked"
    assert shown["road_status_features"] == "Qt::Unchecked"


def test_what_changes_with_the_clock_is_drawn_again_each_minute() -> None:
    for layer in project().iter("maplayer"):
        key = str(layer.findtext("id")).rpartition("_")[0]
        assert (layer.get("autoRefreshEnabled") == "1") == KNOWN[key].is_live, key
        assert (layer.get("autoRefreshTime") == "60000") == KNOWN[key].is_live, key


def test_licence_and_what_is_made_up_are_said_in_each_layer_and_on_the_map() -> None:
    for is_synthetic in (True, False):
        root = project(is_synthetic=is_synthetic)
        for layer in root.iter("maplayer"):
            said = str(layer.findtext("attribution"))
            assert "CC BY 4.0" in said
            assert ("架空データ" in said) == is_synthetic
        assert ("架空データ" in str(root.findtext("title"))) == is_synthetic
        assert ("架空データ" in str(root.findtext("properties/CopyrightLabel/Label"))) == is_synthetic


def test_the_same_is_the_same_to_the_byte() -> None:
    source = Source("https://yuki.example.jp", "yukimgr", ("CC BY 4.0", "https://example.org/by"), is_synthetic=True)
    first, second = (project_file("p", KNOWN, BOX, source, Wish(), KINDS) for _ in range(2))
    assert first == second


def test_the_extent_is_that_of_the_data_in_the_crs_of_the_project() -> None:
    root = project()
    found = root.find("mapcanvas/extent")
    assert found is not None
    west, south, east, north = (float(str(found.findtext(name))) for name in ("xmin", "ymin", "xmax", "ymax"))
    # EPSG:3857 of 136.5 and 136.9 degrees east: degrees times 111,319.49 m
    assert west == pytest.approx(136.5 * 111_319.490793, abs=1)
    assert east == pytest.approx(136.9 * 111_319.490793, abs=1)
    assert 4_360_000 < south < north < 4_410_000
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:3857"
