"""Plain HTML of the API's documents, with no asset but one style sheet of our own host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import HTMLResponse

STYLE_PATH = "/pages.css"
#: No script runs on these pages and nothing comes from another host.
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.6 system-ui, "Noto Sans CJK JP", sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
ul { padding-left: 1.2rem; }
li { margin: .3rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: .6rem; }
.synthetic { background: #b00020; color: #fff; padding: .3rem .6rem; }
"""
WORDS = {
    "ja": {"data": "データ", "map": "地図", "links": "リンク", "features": "地物", "values": "内容", "home": "API",
           "synthetic": "合成データ：シミュレーターが作ったもので、実際の状況ではありません。"},
    "en": {"data": "Data", "map": "Map", "links": "Links", "features": "Features", "values": "Content", "home": "API",
           "synthetic": "Synthetic data: made by a simulator, not the real state of any road."},
}  # fmt: skip
#: Rows of features that one page shows whole.
ROWS_MAX = 200


def _link(href: str, text: str) -> str:
    return f'<a href="{escape(href, quote=True)}">{escape(text)}</a>'


def _links(links: list[Mapping[str, Any]]) -> str:
    rows = [
        f"<li>{_link(str(link['href']), str(link.get('title') or link['href']))} "
        f"<small>{escape(str(link.get('type', '')))}</small></li>"
        for link in links
    ]
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return f"<pre>{escape(json.dumps(value, ensure_ascii=False, indent=1)[:4000])}</pre>"
    return escape("–" if value is None else str(value))


def _table(rows: Mapping[str, Any]) -> str:
    cells = [f"<tr><th>{escape(str(key))}</th><td>{_cell(value)}</td></tr>" for key, value in rows.items()]
    return f"<table>{''.join(cells)}</table>"


def _features(features: list[Mapping[str, Any]]) -> str:
    shown = features[:ROWS_MAX]
    names = list(dict.fromkeys(name for feature in shown for name in feature["properties"]))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = []
    for feature in shown:
        own = next((link["href"] for link in feature.get("links", ()) if link["rel"] == "self"), None)
        first = _link(own, str(feature["id"])) if own else escape(str(feature["id"]))
        cells = "".join(f"<td>{_cell(feature['properties'].get(name))}</td>" for name in names)
        body.append(f"<tr><td>{first}</td>{cells}</tr>")
    return f"<table><tr><th>id</th>{head}</tr>{''.join(body)}</table>"


def _collections(found: list[Mapping[str, Any]]) -> str:
    rows = []
    for collection in found:
        own = next(link["href"] for link in collection["links"] if link["rel"] == "self")
        address = str(own).replace("f=json", "f=html")
        rows.append(f"<li>{_link(address, str(collection['title']))} – {escape(str(collection['description']))}</li>")
    return f"<ul>{''.join(rows)}</ul>"


def page(document: Mapping[str, Any], *, title: str, lang: str, base: str, synthetic: bool) -> HTMLResponse:
    """A document of the API as a page: what it says, its features or collections, its links."""
    words = WORDS[lang]
    rest = {k: v for k, v in document.items() if k not in ("links", "features", "collections", "title", "description")}
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="synthetic">{words["synthetic"]}</p>' if synthetic else "",
        f"<p>{escape(str(document['description']))}</p>" if document.get("description") else "",
        f"<h2>{words['data']}</h2>{_collections(document['collections'])}" if "collections" in document else "",
        f"<h2>{words['features']}</h2>{_features(document['features'])}" if "features" in document else "",
        f"<h2>{words['values']}</h2>{_table(rest)}" if rest else "",
        f"<h2>{words['links']}</h2>{_links(list(document.get('links', ())))}",
    ]
    nav = f"<nav>{_link(base + '?f=html', words['home'])}{_link('/', words['map'])}</nav>"
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body>{nav}{"".join(parts)}</body></html>'
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": CSP})
