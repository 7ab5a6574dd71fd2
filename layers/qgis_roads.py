"""How QGIS draws roads: plain ones, and states by class and age, a direction on its own side of the road close up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from layers.qgis_symbols import LINE, Rule, SymbolLayer, stroke
from layers.styles import (
    EDGE_MM,
    PALETTE,
    SPLIT_SCALE,
    STATE_CLASSES,
    WIDTHS_MM,
    StateClass,
    state_class_expression,
)

type Side = Literal["left", "right"]

#: Width of the legend's lines, and of roads where no scale is known.
LEGEND_MM = 1.2
#: Widths grow by half each time the scale doubles twice (JOINT_PX of the resident map), within bounds.
GROWTH = "max(0.4, min(3.2, (144000.0 / @map_scale) ^ 0.2925))"
#: Dashes of a thin line are as long as those of one of this width, millimetres; shorter ones run together.
DASH_MM = 0.8
#: Close up each direction has this share of the whole width.
SIDE_SHARE = 0.7
#: Seconds now, UTC.
NOW_S = "epoch(now()) / 1000.0"
#: Clocks of a client and of the service may differ by this much, seconds.
SKEW_S = 60


def width_expression(class_column: str, share: float = 1.0, more_mm: float = 0.0) -> str:
    """Millimetres of a road's line at the scale of the map: `share` of its width and `more_mm` beside."""
    cases = " ".join(f"WHEN \"{class_column}\" = '{name}' THEN {width:g}" for name, width in WIDTHS_MM.items())
    table = f"CASE {cases} ELSE {WIDTHS_MM['unknown']:g} END"
    split = f"CASE WHEN @map_scale < {SPLIT_SCALE} THEN {SIDE_SHARE:g} ELSE 1 END"
    return f"({table}) * {GROWTH} * ({split}) * {share:g} + {more_mm:g}"


def offset_expression(class_column: str, side: Side, one_way: str) -> str:
    """Millimetres from the middle of the road, close up, of the direction of a feature; one-way roads stay there.

    A positive offset of QGIS lies to the right of digitising. side: on which traffic drives; one_way: an expression.
    """
    to_right = "'forward'" if side == "right" else "'backward'"
    sign = f'CASE WHEN "direction" = {to_right} THEN 1 ELSE -1 END'
    half = f"(({width_expression(class_column)}) / 2 + {EDGE_MM:g})"
    return f"CASE WHEN @map_scale >= {SPLIT_SCALE} OR ({one_way}) THEN 0 ELSE ({sign}) * {half} END"


def _line(
    colour: str, class_column: str, place: Mapping[str, str], share: float = 1.0, more_mm: float = 0.0,
    dash: tuple[float, float] | None = None,
) -> SymbolLayer:  # fmt: skip
    width = width_expression(class_column, share, more_mm)
    computed = {"outlineWidth": width, **place}
    if dash is not None:
        whole = f"max({DASH_MM:g}, {width_expression(class_column)})"
        computed["customDash"] = f"to_string(({whole}) * {dash[0]:g}) || ';' || to_string(({whole}) * {dash[1]:g})"
    return stroke(colour, LEGEND_MM * share + more_mm, dash=dash, computed=computed)


def _state_layers(found: StateClass, class_column: str, place: Mapping[str, str]) -> tuple[SymbolLayer, ...]:
    layers = [
        _line(found.edge, class_column, place, more_mm=2 * EDGE_MM),
        _line(found.colour, class_column, place),
    ]
    if found.pattern is not None:
        pattern = found.pattern
        layers.append(_line(pattern.colour, class_column, place, share=pattern.share, dash=pattern.dash))
    return tuple(layers)


def _states(expression: str, class_column: str, side: Side, one_way: str, lang: str) -> tuple[Rule, ...]:
    place = {"offset": offset_expression(class_column, side, one_way)}
    return tuple(
        Rule(found.ja if lang == "ja" else found.en, f"({expression}) = '{found.key}'", LINE,
             _state_layers(found, class_column, place))
        for found in STATE_CLASSES
    )  # fmt: skip


def tile_states(side: Side, lang: str) -> tuple[Rule, ...]:
    """States of vector tiles, whose times are seconds since 1970. The tile does not tell which roads are one-way."""
    expression = state_class_expression(
        f'{NOW_S} - "cleared_at"', f'"valid_until" - {NOW_S}', f'{NOW_S} - "observed_at"'
    )
    return _states(expression, "class", side, "false", lang)


def elapsed_expression() -> str:
    """Seconds since the moment `as_of` of a feature.

    Until version 3.28.3 QGIS drops the zone of times: a moment in UTC is read as one of the local clock. Which of the
    two readings is right is told by the version, and by what would lie in the future; in doubt it is the longer time.
    """
    lost = f"({NOW_S} - epoch(to_datetime(format_date(\"as_of\", 'yyyy-MM-ddTHH:mm:ss') || 'Z')) / 1000.0)"
    kept = f'({NOW_S} - epoch("as_of") / 1000.0)'
    return (
        f"max(0, CASE WHEN @qgis_version_no < 32800 THEN CASE WHEN {lost} >= -{SKEW_S} THEN {lost} ELSE {kept} END "
        f"WHEN {kept} >= -{SKEW_S} THEN {kept} ELSE {lost} END)"
    )


def feature_states(class_column: str, side: Side, lang: str, one_way: str = "false") -> tuple[Rule, ...]:
    """States of features, whose times are moments. Differences of two of them hold whatever became of their zone.

    one_way  expression that is true of an edge whose other direction is closed
    """
    since = elapsed_expression()

    def ago(column: str) -> str:
        return f'(epoch("as_of") - epoch("{column}")) / 1000.0 + {since}'

    expression = state_class_expression(ago("cleared_at"), f"-({ago('valid_until')})", ago("observed_at"))
    return _states(expression, class_column, side, one_way, lang)


def plain_roads(class_column: str, lang: str) -> tuple[Rule, ...]:
    """Roads without a state."""
    layers = (
        _line(PALETTE["plain_edge"], class_column, {}, more_mm=2 * EDGE_MM),
        _line(PALETTE["plain_fill"], class_column, {}),
    )
    return (Rule("道路" if lang == "ja" else "Road", "", LINE, layers),)
