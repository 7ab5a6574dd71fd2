"""Labels of QGIS layers as XML elements."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from layers.qgis_symbols import TILE_KINDS, computed_properties, rgba
from layers.styles import PALETTE

#: Where a label stands (QgsPalLayerSettings::Placement of QGIS 3.22).
PLACEMENTS = {"marker": "6", "line": "3", "fill": "4"}


@dataclass(frozen=True, slots=True)
class Label:
    """What is written. kind: of the geometry; scale_max: denominator beyond which nothing is written, 0: no bound."""

    expression: str
    kind: str
    size_pt: float = 8.0
    scale_max: int = 0
    condition: str = ""


def simple_labels(parent: Element, label: Label) -> Element:
    """The labels of a layer of features."""
    found = SubElement(parent, "labeling", type="simple")
    _settings(found, label)
    return found


def tile_labels(parent: Element, tile_layer: str, labels: list[Label]) -> Element:
    """The labels of a vector tile layer."""
    found = SubElement(parent, "labeling", type="basic")
    styles = SubElement(found, "styles")
    for i, label in enumerate(labels):
        style = SubElement(
            styles, "style", {
                "name": f"{tile_layer} {i}", "layer": tile_layer, "geometry": TILE_KINDS[label.kind], "enabled": "1",
                "expression": label.condition, "min-zoom": "-1", "max-zoom": "-1",
            },
        )  # fmt: skip
        _settings(style, label)
    return found


def _settings(parent: Element, label: Label) -> None:
    found = SubElement(parent, "settings", calloutType="simple")
    style = SubElement(
        found, "text-style", fieldName=label.expression, isExpression="1", fontFamily="Noto Sans CJK JP",
        namedStyle="Regular", fontSize=f"{label.size_pt:g}", fontSizeUnit="Point", fontWeight="50",
        textColor=rgba(PALETTE["label"]), textOpacity="1", blendMode="0", multilineHeight="1", fontKerning="1",
    )  # fmt: skip
    families = SubElement(style, "families")
    for family in ("Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", "Meiryo", "Hiragino Sans", "Sans Serif"):
        SubElement(families, "family", name=family)
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.7", bufferSizeUnits="MM", bufferOpacity="0.9",
        bufferColor=rgba(PALETTE["label_halo"]), bufferNoFill="1", bufferJoinStyle="128", bufferBlendMode="0",
    )  # fmt: skip
    SubElement(found, "text-format", wrapChar="", autoWrapLength="0", multilineAlign="3")
    SubElement(
        found, "placement", placement=PLACEMENTS[label.kind], priority="5", dist="1", distUnits="MM",
        placementFlags="10", repeatDistance="60", repeatDistanceUnits="MM", maxCurvedCharAngleIn="25",
        maxCurvedCharAngleOut="-25", predefinedPositionOrder="TR,TL,BR,BL,R,L,TSR,BSR", fitInPolygonOnly="0",
    )  # fmt: skip
    SubElement(
        found, "rendering", drawLabels="1", displayAll="0", obstacle="1", obstacleFactor="1", mergeLines="1",
        scaleVisibility="1" if label.scale_max else "0", scaleMax=str(label.scale_max), scaleMin="0",
        fontLimitPixelSize="0", limitNumLabels="0", labelPerPart="0", minFeatureSize="0", upsidedownLabels="0",
    )  # fmt: skip
    computed_properties(found, "dd_properties", {})
