"""The search as a text page: the same hits as /search, each with its place on the map and the state of its road."""

from __future__ import annotations

from html import escape
from typing import Any

from geo.errors import InputError
from tiles.search import find
from tiles.service import Service
from tiles.text_page import Frame, page
from tiles.text_words import word

#: Hits of one page.
HITS = 20
MAP_ZOOM = 15


async def search_page(service: Service, frame: Frame) -> str:
    """The hits of `q`; a question that cannot be asked is said in words."""
    language, q = frame.language, frame.searched.strip()
    crumbs = [(frame.at(), word(language, "home"))]
    if not q:
        return page(frame, word(language, "search"), crumbs, f"<p>{frame.say('search_empty')}</p>")
    title = word(language, "search_heading", q=q)
    try:
        found = await find(service, q, language, HITS)
    except InputError as error:
        return page(frame, title, crumbs, f"<p>{escape(error.message)} {escape(error.hint)}</p>")
    hint = f"<p>{escape(found['hint'])}</p>" if found["hint"] else ""
    if not found["results"]:
        return page(frame, title, crumbs, f"<p>{frame.say('search_nothing')}</p>{hint}")
    rows = "".join(_hit(frame, one) for one in found["results"])
    return page(frame, title, crumbs, f"<h2>{frame.say('results')}</h2><ol>{rows}</ol>{hint}")


def _hit(frame: Frame, one: dict[str, Any]) -> str:
    place = f"map={MAP_ZOOM}/{one['lat']:.5f}/{one['lon']:.5f}"
    if one["piece_id"] is not None:
        place += f"&road={one['piece_id']}"
    label = frame.say("on_map_of", name=one["label"])
    parts = [f"<strong>{escape(one['label'])}</strong> {escape(one['kind_name'])}", escape(one["detail"] or "")]
    ways = [f'<a href="{frame.map_at(place)}" aria-label="{label}">{frame.say("on_map")}</a>']
    if one["piece_id"] is not None:
        state = f"{frame.say('state_of')} – {escape(one['label'])}"
        address = frame.at(f"roads/{one['piece_id']}")
        ways.insert(0, f'<a href="{address}" aria-label="{state}">{frame.say("state_of")}</a>')
    return f"<li>{' '.join(part for part in parts if part)}<br>{' '.join(ways)}</li>"
