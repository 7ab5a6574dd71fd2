"""Legends of rasters as JSON and as SVG, in Japanese and English. SVG, since its text is set in the reader's fonts."""

from __future__ import annotations

from html import escape
from typing import Any

from layers.raster_styles import MISSING, Rgb, legend_classes
from tiles.raster_registry import Raster

ROW_PX, SWATCH_PX, WIDTH_PX = 22, 28, 260
WORDS = {
    "ja": {"synthetic": "合成データ：実際の状況ではありません", "missing": MISSING[0], "colours": "画像の色のとおり"},
    "en": {"synthetic": "Synthetic data: not real", "missing": MISSING[1], "colours": "Colours as in the picture"},
}


def _hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def legend(raster: Raster, base: str) -> dict[str, Any]:
    """The legend as data: classes with colour, span (null: without that end) and words; how the unknown is drawn."""
    return {
        "id": raster.raster_id, "style": raster.style, "unit": raster.unit, "synthetic": raster.synthetic,
        "title": {"ja": raster.title_ja, "en": raster.title},
        "taken_at": raster.taken_at.isoformat().replace("+00:00", "Z"), "attribution": raster.attribution,
        "classes": [
            {"colour": _hex(line.colour), "from": line.from_value, "to": line.to_value,
             "label": {"ja": line.label_ja, "en": line.label_en}}
            for line in legend_classes(raster.look, raster.span)
        ],
        "missing": {"colour": None, "label": {"ja": MISSING[0], "en": MISSING[1]}},
        "svg": f"{base}/raster/{raster.raster_id}/legend.svg",
    }  # fmt: skip


def legend_svg(raster: Raster, lang: str) -> str:
    """The legend as a picture. Every text is escaped; nothing in it comes from another host."""
    words = WORDS[lang]
    title = raster.title_ja if lang == "ja" else raster.title
    rows: list[tuple[str, str]] = [
        (_hex(line.colour), line.label_ja if lang == "ja" else line.label_en)
        for line in legend_classes(raster.look, raster.span)
    ] or [("", words["colours"])]
    rows.append(("none", words["missing"]))
    notes = [raster.taken_at.strftime("%Y-%m-%d %H:%M UTC"), raster.attribution]
    notes += [words["synthetic"]] if raster.synthetic else []
    height = ROW_PX * (len(rows) + len(notes) + 1) + 10
    parts = [f'<text x="8" y="16" font-weight="bold">{escape(title)}</text>']
    for n, (fill, label) in enumerate(rows, 1):
        top = n * ROW_PX
        if fill:
            parts.append(
                f'<rect x="8" y="{top}" width="{SWATCH_PX}" height="{ROW_PX - 4}" fill="{fill}" stroke="#777" '
                f'stroke-dasharray="{"2 2" if fill == "none" else "none"}"/>'
            )
        parts.append(f'<text x="{SWATCH_PX + 16}" y="{top + 14}">{escape(label)}</text>')
    for n, note in enumerate(notes, len(rows) + 1):
        parts.append(f'<text x="8" y="{n * ROW_PX + 14}" font-size="11">{escape(note)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'viewBox="0 0 {WIDTH_PX} {height}" font-family="system-ui, sans-serif" font-size="13" lang="{lang}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )
