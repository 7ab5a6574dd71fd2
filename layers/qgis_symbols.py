"""Symbols of QGIS as XML elements: layers of a symbol, properties that an expression sets, rules.

The format is that which QGIS 3.22 writes (`Option` maps), and which every later version reads. Widths are millimetres.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

#: Kinds of a symbol, as QGIS names them.
LINE, FILL, MARKER = "line", "fill", "marker"
#: The number of an expression among the kinds of a property (QgsProperty::ExpressionBasedProperty).
EXPRESSION = 3
#: Rules are named by what they are, so that the same project is the same bytes.
NAMESPACE = uuid.UUID("6f6e1f5e-0f2f-5f7a-8c1b-9a5d2b3c4d5e")


@dataclass(frozen=True, slots=True)
class SymbolLayer:
    """One layer of a symbol. kind: class of QGIS; options: its settings; computed: setting -> expression."""

    kind: str
    options: Mapping[str, str]
    computed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is drawn for the features that `expression` is true of; empty: all. layers: from below to above.

    scale_max, scale_min  denominators between which the rule holds; 0: no bound
    """

    label: str
    expression: str
    kind: str
    layers: tuple[SymbolLayer, ...]
    scale_max: int = 0
    scale_min: int = 0


def rgba(colour: str, alpha: int = 255) -> str:
    """#rrggbb as QGIS writes it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def stroke(
    colour: str, width_mm: float, *, dash: Sequence[float] | None = None, computed: Mapping[str, str] | None = None
) -> SymbolLayer:
    """A line. dash: stroke and gap in widths of the line. computed: outlineWidth, offset, customDash."""
    options = {
        "line_color": rgba(colour), "line_width": f"{width_mm:g}", "line_width_unit": "MM", "line_style": "solid",
        "capstyle": "flat", "joinstyle": "round", "offset": "0", "offset_unit": "MM",
        "use_custom_dash": "0" if dash is None else "1", "customdash_unit": "MM",
        "customdash": ";".join(f"{part * width_mm:g}" for part in dash) if dash else "1;1",
    }  # fmt: skip
    return SymbolLayer("SimpleLine", options, dict(computed or {}))


def area(
    colour: str, *, alpha: int = 255, style: str = "solid", edge: str | None = None, edge_mm: float = 0.2,
    edge_style: str = "solid",
) -> SymbolLayer:  # fmt: skip
    """A filled area. style: solid, no, or a hatch such as b_diagonal. edge None: no outline."""
    options = {
        "color": rgba(colour, alpha), "style": style, "outline_style": "no" if edge is None else edge_style,
        "outline_color": rgba(edge or colour), "outline_width": f"{edge_mm:g}", "outline_width_unit": "MM",
        "joinstyle": "bevel", "offset": "0,0", "offset_unit": "MM",
    }  # fmt: skip
    return SymbolLayer("SimpleFill", options)


def marker(
    shape: str, colour: str, size_mm: float, *, edge: str = "#ffffff", edge_mm: float = 0.3, alpha: int = 255,
    computed: Mapping[str, str] | None = None,
) -> SymbolLayer:  # fmt: skip
    """A sign. shape: circle, triangle, square, diamond, cross_fill …; computed: angle."""
    options = {
        "name": shape, "color": rgba(colour, alpha), "size": f"{size_mm:g}", "size_unit": "MM", "angle": "0",
        "outline_color": rgba(edge), "outline_width": f"{edge_mm:g}", "outline_width_unit": "MM",
        "outline_style": "solid", "joinstyle": "round", "offset": "0,0", "offset_unit": "MM",
        "horizontal_anchor_point": "1", "vertical_anchor_point": "1",
    }  # fmt: skip
    return SymbolLayer("SimpleMarker", options, dict(computed or {}))


def options(parent: Element, values: Mapping[str, object], name: str | None = None) -> Element:
    """A map of options below `parent`. Values may be str, bool, int or a mapping of such."""
    attributes = {"type": "Map"} if name is None else {"name": name, "type": "Map"}
    found = SubElement(parent, "Option", attributes)
    for key, value in values.items():
        if isinstance(value, Mapping):
            options(found, value, key)
        else:
            kinds = {bool: "bool", int: "int"}
            text = str(value).lower() if isinstance(value, bool) else str(value)
            SubElement(found, "Option", name=key, type=kinds.get(type(value), "QString"), value=text)
    return found


def computed_properties(parent: Element, tag: str, computed: Mapping[str, str]) -> Element:
    """The element in which QGIS keeps what expressions set."""
    found = SubElement(parent, tag)
    set_by = {
        name: {"active": True, "expression": expression, "type": EXPRESSION} for name, expression in computed.items()
    }
    options(found, {"name": "", "properties": set_by, "type": "collection"})
    return found


def symbol(parent: Element, name: str, kind: str, layers: Sequence[SymbolLayer], level: int = 0) -> Element:
    """A symbol of one kind with its layers, from below to above. level: those of a higher one are drawn above."""
    found = SubElement(parent, "symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    computed_properties(found, "data_defined_properties", {})
    for layer in layers:
        element = SubElement(found, "layer", {"class": layer.kind, "enabled": "1", "locked": "0", "pass": str(level)})
        options(element, layer.options)
        computed_properties(element, "data_defined_properties", layer.computed)
    return found


def rule_renderer(parent: Element, owner: str, rules: Sequence[Rule]) -> Element:
    """A rule-based renderer. Rules are drawn in their order, the last above, whatever feature comes first.

    owner  id of the layer
    """
    found = SubElement(
        parent, "renderer-v2", type="RuleRenderer", symbollevels="1", enableorderby="0", forceraster="0",
        referencescale="-1",
    )  # fmt: skip
    below = SubElement(found, "rules", key=_key(owner, "root"))
    symbols = SubElement(found, "symbols")
    for i, rule in enumerate(rules):
        attributes = {"key": _key(owner, str(i)), "label": rule.label, "symbol": str(i)}
        if rule.expression:
            attributes["filter"] = rule.expression
        if rule.scale_max:
            attributes["scalemaxdenom"] = str(rule.scale_max)
        if rule.scale_min:
            attributes["scalemindenom"] = str(rule.scale_min)
        SubElement(below, "rule", attributes)
        symbol(symbols, str(i), rule.kind, rule.layers, i)
    return found


def _key(owner: str, name: str) -> str:
    return f"{{{uuid.uuid5(NAMESPACE, f'{owner}/{name}')}}}"


#: Numbers of the kinds of geometry in styles of vector tiles (QgsWkbTypes::GeometryType).
TILE_KINDS = {MARKER: "0", LINE: "1", FILL: "2"}


def tile_renderer(parent: Element, tile_layer: str, rules: Sequence[Rule]) -> Element:
    """The renderer of a vector tile layer; it draws its styles in their order, the last above."""
    found = SubElement(parent, "renderer", type="basic")
    styles = SubElement(found, "styles")
    for rule in rules:
        style = SubElement(
            styles, "style", {
                "name": rule.label, "layer": tile_layer, "geometry": TILE_KINDS[rule.kind], "enabled": "1",
                "expression": rule.expression, "min-zoom": "-1", "max-zoom": "-1",
            },
        )  # fmt: skip
        symbol(SubElement(style, "symbols"), "0", rule.kind, rule.layers)
    return found
