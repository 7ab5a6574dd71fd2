"""The charts and the map of notebook 01. They need matplotlib and folium, which a running service does not."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import numpy as np
import shapely
from jinja2 import Template

from geo.crs import to_lonlat
from geo.status import STATES
from yukimichi.review import OFF_PLAN, Review
from yukimichi.visualisation_drawn import FONTS

if TYPE_CHECKING:
    import folium
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Colours of the states in their order, as on the resident map; hatches tell them without colour too.
COLOURS = ("#1763b5", "#ffd21f", "#d8350c", "#b5b0a6")
HATCHES = ("", "////", "....", "")
GROUND = "#dcdad3"
#: Classes drawn by themselves, those with the most kilometres; panels are small.
MOST_CLASSES = 4
#: Coordinates are told to a tenth of a metre or so.
DIGITS = 6


def _is_japanese() -> str | None:
    """The font for Japanese; None: none is installed, and labels are in English alone."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in FONTS if name in installed), None)


def timeline(review: Review) -> Drawing:
    """Kilometres by state over the event, one panel a road class; below, what was known then and what is known now."""
    import matplotlib.pyplot as plt

    table, font = review.timeline(), _is_japanese()
    length = table[table["moment"] == review.moments[0]].groupby("road_class")["km"].sum()
    kinds = length.sort_values(ascending=False).index[:MOST_CLASSES].tolist()
    with plt.rc_context({
        "font.family": [font or "DejaVu Sans"], "axes.spines.top": False, "axes.spines.right": False,
        "hatch.linewidth": 0.6,
    }):  # fmt: skip
        n_rows = -(-max(len(kinds), 1) // 2)
        drawing = plt.figure(figsize=(12, 2.7 * n_rows + 3.2), layout="constrained")
        grid = drawing.add_gridspec(n_rows + 1, 2, height_ratios=[*([1.0] * n_rows), 1.05])
        for i, kind in enumerate(kinds):
            _states(drawing.add_subplot(grid[i // 2, i % 2]), review, kind, font is not None)
        _known(drawing.add_subplot(grid[n_rows, :]), review, font is not None)
        drawing.suptitle(_title(review, font is not None), x=0.01, ha="left", fontsize=13)
        handles, labels = drawing.axes[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper right", ncols=4, frameon=False, fontsize=9)
        plt.close(drawing)
    return drawing


def _title(review: Review, is_ja: bool) -> str:
    begin = review.moments[0].strftime("%Y-%m-%d %H:%M")
    marked = ("（合成データ synthetic）" if is_ja else " (synthetic)") if review.synthetic else ""
    return f"{review.event.name if is_ja else 'storm'}  {begin}{marked}"


def _states(axes: Axes, review: Review, kind: str, is_ja: bool) -> None:
    table = review.timeline()
    mine = table[table["road_class"] == kind]
    by_state = mine.pivot_table(index="moment", columns="state", values="km", sort=False)
    labels = [f"{word.ja} {word}" if is_ja else str(word) for word in STATES]
    parts = [by_state[str(word)].to_numpy() for word in STATES]
    x = [moment.replace(tzinfo=None) for moment in review.moments]
    bands = axes.stackplot(x, *parts, labels=labels, colors=COLOURS, linewidth=0)  # type: ignore[arg-type]
    for band, hatch in zip(bands, HATCHES, strict=True):
        band.set(hatch=hatch, edgecolor="#ffffff")
    ja = str(mine["road_class_ja"].iloc[0]) if len(mine) else kind
    axes.set_title(f"{ja} {kind}" if is_ja else kind, loc="left", fontsize=10.5)
    axes.set_ylabel("km")
    axes.set_ylim(0, max(float(sum(part[0] for part in parts)), 1e-3))
    _clock(axes, review)


def _known(axes: Axes, review: Review, is_ja: bool) -> None:
    table = review.late()
    x = [moment.replace(tzinfo=None) for moment in review.moments]
    then = "当時判明していた除雪完了 known then" if is_ja else "cleared, as known then"
    present = "現在判明している除雪完了 known now" if is_ja else "cleared, as known now"
    axes.fill_between(x, table["then_km"], table["now_km"], color=COLOURS[0], alpha=0.18, linewidth=0)  # type: ignore[arg-type]
    axes.plot(x, table["now_km"], color=COLOURS[0], lw=2.2, label=present)  # type: ignore[arg-type]
    axes.plot(x, table["then_km"], color="#222222", lw=1.4, ls=(0, (4, 3)), label=then)  # type: ignore[arg-type]
    axes.set_ylabel("km")
    axes.set_ylim(bottom=0)
    title = "遅れて届いたデータで変わったこと what late data changed" if is_ja else "what late data changed"
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    _clock(axes, review)


def _clock(axes: Axes, review: Review) -> None:
    import matplotlib.dates as dates

    axes.set_xlim(*(moment.replace(tzinfo=None) for moment in (review.moments[0], review.moments[-1])))  # type: ignore[arg-type]
    locator = dates.AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=8.5)


def storm_map(review: Review) -> folium.Map:
    """The roads by state with a slider over the moments. No tiles: only folium's own scripts come from elsewhere."""
    import folium

    codes = review.pieces()
    shown = np.flatnonzero((codes != OFF_PLAN).any(axis=0))
    ground = np.setdiff1d(np.arange(codes.shape[1]), shown)
    chart = folium.Map(tiles=None, control_scale=True, prefer_canvas=True)
    chart.get_root().header.add_child(folium.Element(_STYLE))  # type: ignore[attr-defined]
    data = {
        "lines": _lines(review, shown),
        "ground": _lines(review, ground),
        "codes": ["".join(map(str, row)) for row in codes[:, shown].T.tolist()],
        "times": [moment.strftime("%m-%d %H:%M") for moment in review.moments],
        "colours": [*COLOURS, GROUND],
        "km": _sums(review),
    }
    chart.get_root().html.add_child(folium.Element(_panel(review)))  # type: ignore[attr-defined]
    script = _SCRIPT.replace("MAP_NAME", chart.get_name()).replace("DATA", json.dumps(data, separators=(",", ":")))
    # a child of the map, so that the script comes after the one that makes the map
    macro = folium.MacroElement()  # type: ignore[no-untyped-call]
    macro._template = Template("{% macro script(this, kwargs) %}" + script + "{% endmacro %}")
    chart.add_child(macro)
    lonlat = to_lonlat(review.network.node_xy, review.network.crs_epsg)
    (west, south), (east, north) = lonlat.min(axis=0).tolist(), lonlat.max(axis=0).tolist()
    chart.fit_bounds([[south, west], [north, east]])
    return chart


def _lines(review: Review, pieces: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[list[list[float]]]:
    """Latitude and longitude of the vertices of some pieces, thinned to a metre."""
    network = review.network
    row = np.repeat(np.arange(len(network.piece_id)), np.diff(network.shape_start))
    shapes = shapely.simplify(shapely.linestrings(network.shape_xy, indices=row)[pieces], 1.0)
    xy, at = shapely.get_coordinates(shapes, return_index=True)
    latlon = np.round(to_lonlat(xy, network.crs_epsg)[:, ::-1], DIGITS) if len(xy) else xy
    return [part.tolist() for part in np.split(latlon, np.flatnonzero(np.diff(at)) + 1)] if len(latlon) else []


def _sums(review: Review) -> list[list[float]]:
    """Kilometres of each state at each moment, both directions counted."""
    table = review.timeline().groupby(["moment", "state"], sort=False)["km"].sum().unstack("state")
    km: list[list[float]] = table[[str(word) for word in STATES]].to_numpy().round(1).tolist()
    return km


def _panel(review: Review) -> str:
    rows = "".join(
        f'<tr><td><svg width="30" height="6"><rect width="30" height="6" fill="{colour}"/></svg></td>'
        f'<td>{word.ja} <small>{word}</small></td><td class="km" id="km-{i}"></td></tr>'
        for i, (word, colour) in enumerate(zip(STATES, COLOURS, strict=True))
    )
    marked = "<small>合成データ synthetic</small>" if review.synthetic else ""
    last = len(review.moments) - 1
    return (
        f'<div class="storm-panel"><b>{html.escape(review.event.name)}</b> {marked}<div id="storm-time"></div>'
        f'<input id="storm-slider" type="range" min="0" max="{last}" value="{last // 2}" '
        f'aria-label="時刻 time"><table>{rows}</table></div>'
    )


_STYLE = """<style>
.leaflet-container.leaflet-container { background: #f6f5f1; }
.storm-panel { position: absolute; z-index: 900; left: 12px; bottom: 62px; width: 260px; background: #fff;
  padding: 10px 14px; border: 1px solid #bbb; border-radius: 4px; font: 13px/1.5 sans-serif; }
.storm-panel input { width: 100%; margin: 4px 0; }
.storm-panel td { padding: 0 6px 0 0; } .storm-panel .km { text-align: right; font-variant-numeric: tabular-nums; }
#storm-time { font-size: 19px; font-variant-numeric: tabular-nums; }
</style>"""

_SCRIPT = """
const storm = DATA;
const draw = (line, colour, weight) =>
  L.polyline(line, {color: colour, weight: weight, opacity: 0.95}).addTo(MAP_NAME);
storm.ground.forEach((line) => draw(line, storm.colours[4], 1));
const roads = storm.lines.map((line) => draw(line, storm.colours[4], 3));
const slider = document.getElementById("storm-slider");
const show = () => {
  const at = Number(slider.value);
  roads.forEach((road, i) => {
    const code = Number(storm.codes[i][at]);
    road.setStyle({color: storm.colours[code], weight: code === 4 ? 1 : 3});
  });
  document.getElementById("storm-time").textContent = storm.times[at];
  storm.km[at].forEach((km, i) => {
    document.getElementById("km-" + i).textContent = km.toLocaleString() + " km";
  });
};
slider.addEventListener("input", show);
show();
"""
