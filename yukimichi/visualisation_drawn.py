"""The chart and the map of notebook 02. They need matplotlib and folium, which a running service does not."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.kpi import NAMES
from yukimichi.visualisation import Found

if TYPE_CHECKING:
    import folium
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: What a stretch of a route is, from the worst on: code, Japanese, English, colour, width in pixels, dashes. Widths and
#: dashes tell it without colour too.
PARTS: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("not_laid", "ネットワークにない", "not in the network", "#6b2fa0", 4, "2 7"),
    ("untracked", "正常な端末がない", "no healthy device", "#c8401a", 4, "9 5"),
    ("unseen", "端末あり・記録なし", "tracked, nothing on record", "#b07d00", 4, ""),
    ("partly", "一部または片方向のみ", "in part, or one direction only", "#4b8bbe", 3, ""),
    ("observed", "記録あり", "on record", "#1b7f4d", 2, ""),
)
LABELS = {
    "in_network": ("ネットワーク上", "in network"),
    "tracked": ("端末あり", "tracked"),
    "observed": ("観測", "observed"),
}
#: Fonts with Japanese; the first that is installed is taken, and without one labels are in English alone.
FONTS = ("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "Hiragino Sans", "Yu Gothic", "TakaoGothic")
BAR, QUIET, TARGET, INK = "#1f66b5", "#b9cde2", "#c8401a", "#222222"
#: Bars of the second chart at most: with more the smallest are left to the table.
MOST_BARS = 14


def _font() -> str | None:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in FONTS if name in installed), None)


def chart(found: Found, by: str = "office") -> Drawing:
    """The three figures against the yearly targets, and what is observed by manager, office or municipality."""
    import matplotlib.pyplot as plt

    font = _font()
    rows = sorted(found.kpi.tree["by"][by], key=lambda row: -float(row["planned_m"]))[:MOST_BARS]
    with plt.rc_context({"font.family": [font or "DejaVu Sans"], "axes.spines.top": False, "axes.spines.right": False}):
        drawing, (left, right) = plt.subplots(
            1, 2, figsize=(12, max(4.0, 1.6 + 0.34 * len(rows))), width_ratios=(1, 1.15), layout="constrained"
        )
        _whole(left, found, is_ja=font is not None)
        _by(right, found, rows, by, is_ja=font is not None)
        plt.close(drawing)
    return drawing


def _whole(axes: Axes, found: Found, *, is_ja: bool) -> None:
    tree = found.kpi.tree
    shares = [float(tree["total"][f"{name}_percent"] or 0) for name in NAMES]
    labels = ["\n".join(LABELS[name]) if is_ja else LABELS[name][1] for name in NAMES]
    place = list(range(len(NAMES)))[::-1]
    axes.barh(place, shares, color=[QUIET, QUIET, BAR], height=0.55)
    for at, share in zip(place, shares, strict=True):
        axes.text(share + 1.5, at, f"{share:.1f} %", va="center", color=INK, fontweight="bold")
    for year, percent in sorted(tree["targets_percent"].items()):
        is_now = percent == tree["target_percent"]
        axes.axvline(percent, color=TARGET, lw=2.0 if is_now else 1.0, ls="-" if is_now else ":", zorder=3)
        name = f"{year}年度" if is_ja else f"FY{year}"
        axes.text(percent, 2.62, f"{name}\n{percent:g} %", ha="center", va="bottom", color=TARGET, fontsize=8.5)
    axes.set_yticks(place, labels)
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_ylim(-0.6, 2.6)
    axes.set_xlabel("計画延長に対する割合 share of planned length (%)" if is_ja else "share of planned length (%)")
    name = tree["span"]["name"] if is_ja else tree["span"]["from_at"][:10]
    title = f"除雪路線の網羅率 visualisation rate\n{name}" if is_ja else f"visualisation rate\n{name}"
    axes.set_title(title, loc="left", pad=34, fontsize=12)


def _by(axes: Axes, found: Found, rows: list[dict[str, Any]], by: str, *, is_ja: bool) -> None:
    target = found.kpi.tree["target_percent"]
    place = list(range(len(rows)))[::-1]
    tracked = [float(row["tracked_percent"] or 0) for row in rows]
    shares = [float(row["observed_percent"] or 0) for row in rows]
    axes.barh(place, tracked, color=QUIET, height=0.62, label="端末あり tracked" if is_ja else "tracked")
    axes.barh(place, shares, color=BAR, height=0.62, label="観測 observed" if is_ja else "observed")
    for at, share, row in zip(place, shares, rows, strict=True):
        axes.text(101, at, f"{share:.0f} %  {float(row['planned_m']) / 1000:,.0f} km", va="center", fontsize=8.5)
    if target is not None:
        axes.axvline(target, color=TARGET, lw=2.0, zorder=3)
    axes.set_yticks(place, [str(row["label"] if is_ja else row["name"]) for row in rows], fontsize=9)
    axes.set_xlim(0, 100)
    names = {"manager": "管理者", "office": "事務所", "municipality": "市町", "route": "路線"}
    axes.set_title(f"{names.get(by, by)}別 by {by}" if is_ja else f"by {by}", loc="left", fontsize=12)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False, fontsize=9)


def map_of(found: Found) -> Drawing:
    """The routes by what is visible of them, as a picture: it needs no internet. The worst is on top."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    font, km = _font(), found.parts.groupby("part")["km"].sum()
    with plt.rc_context({"font.family": [font or "DejaVu Sans"]}):
        drawing, axes = plt.subplots(figsize=(9, 9), layout="constrained")
        looks = []
        for code, ja, en, colour, width, dashes in reversed(PARTS):
            style = (0, tuple(float(one) / width for one in dashes.split())) if dashes else "-"
            lines = found.parts[found.parts["part"] == code]
            if not lines.empty:
                lines.plot(ax=axes, color=colour, linewidth=width * 0.55, linestyle=style)
            label = f"{ja} {en}" if font else en
            looks.append(
                Line2D([], [], color=colour, lw=width * 0.8, ls=style, label=f"{label}: {km.get(code, 0.0):,.1f} km")
            )
        name = found.kpi.tree["span"]["name"] if font else found.kpi.tree["span"]["from_at"][:10]
        axes.set_title(f"見えていない除雪路線 what is not visible\n{name}" if font else name, loc="left")
        drawing.legend(handles=looks[::-1], loc="outside lower center", fontsize=9, frameon=False)
        axes.set_aspect(1 / np.cos(np.deg2rad(np.mean(axes.get_ylim()))))
        axes.set_axis_off()
        plt.close(drawing)
    return drawing


def invisible_map(found: Found) -> folium.Map:
    """The same on a map to move about in, the worst on top. No tiles; its scripts (Leaflet) come from the internet."""
    import folium

    chart = folium.Map(tiles=None, control_scale=True, prefer_canvas=True)
    chart.get_root().header.add_child(folium.Element(_STYLE))  # type: ignore[attr-defined]
    for code, ja, en, colour, width, dashes in reversed(PARTS):
        lines = found.parts[found.parts["part"] == code]
        if lines.empty:
            continue
        shown = lines[["route_id", "name", "km", "geometry"]].assign(km=lines["km"].round(1))
        style = {"color": colour, "weight": width, "dashArray": dashes, "opacity": 0.95}
        layer = folium.FeatureGroup(name=f"{ja} {en}")
        folium.GeoJson(
            shown, style_function=lambda _, style=style: style,
            tooltip=folium.GeoJsonTooltip(["route_id", "name", "km"], aliases=["路線ID", "路線 route", "km"]),
        ).add_to(layer)  # fmt: skip
        layer.add_to(chart)
    folium.LayerControl(collapsed=False).add_to(chart)
    chart.get_root().html.add_child(folium.Element(_legend(found)))  # type: ignore[attr-defined]
    if len(found.parts):
        west, south, east, north = found.parts.total_bounds
        chart.fit_bounds([[south, west], [north, east]])
    return chart


_STYLE = """<style>
.leaflet-container { background: #f6f5f1; }
.kpi-legend { position: absolute; z-index: 900; left: 12px; bottom: 72px; background: #fff; padding: 10px 14px;
  border: 1px solid #bbb; border-radius: 4px; font: 13px/1.5 sans-serif; }
.kpi-legend svg { vertical-align: middle; margin-right: 8px; }
</style>"""


def _legend(found: Found) -> str:
    km = found.parts.groupby("part")["km"].sum()
    rows = [f"<b>{html.escape(str(found.kpi.tree['span']['name']))}</b>"]
    for code, ja, en, colour, width, dashes in PARTS:
        line = (
            f'<svg width="34" height="8"><line x1="0" y1="4" x2="34" y2="4" stroke="{colour}" stroke-width="{width}" '
            f'stroke-dasharray="{dashes}"/></svg>'
        )
        rows.append(f"{line}{ja} <small>{en}</small> {float(km.get(code, 0.0)):,.1f} km")
    if found.kpi.tree["synthetic"]:
        rows.append("<small>合成データ synthetic</small>")
    return f'<div class="kpi-legend">{"<br>".join(rows)}</div>'
