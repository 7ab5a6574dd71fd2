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
form { margin: 1rem 0; }
fieldset { border: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; }
label { display: flex; flex-direction: column; font-size: .85rem; }
input, select, button { font: inherit; padding: .2rem .4rem; }
input[name="filter"] { min-width: 24rem; max-width: 90vw; }
.synthetic { background: #b00020; color: #fff; padding: .3rem .6rem; }
"""
WORDS = {
    "ja": {"data": "データ", "map": "地図", "links": "リンク", "features": "地物", "values": "内容", "home": "API",
           "switch": "English", "shown": "表示", "matched": "該当", "about": "約", "before": "前へ", "first": "最初へ",
           "next": "次へ", "synthetic": "合成データ：シミュレーターが作ったもので、実際の状況ではありません。"},
    "en": {"data": "Data", "map": "Map", "links": "Links", "features": "Features", "values": "Content", "home": "API",
           "switch": "日本語", "shown": "shown", "matched": "matching", "about": "about", "before": "Previous",
           "first": "First", "next": "Next",
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


def _pager(document: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """How many there are, and the ways to the pages around this one."""
    exact, guess = document.get("numberMatched"), document.get("numberMatchedEstimate")
    n = f"{exact:,}" if exact is not None else f"{words['about']} {guess:,}" if guess is not None else ""
    counted = f"{words['shown']} {document['numberReturned']:,}" + (f" / {words['matched']} {n}" if n else "")
    rels = {"first": words["first"], "prev": words["before"], "next": words["next"]}
    ways = [_link(str(link["href"]), rels[link["rel"]]) for link in document["links"] if link["rel"] in rels]
    return f'<nav class="pager">{"".join(ways)}<span>{escape(counted)}</span></nav>'


def _collections(found: list[Mapping[str, Any]]) -> str:
    rows = []
    for collection in found:
        own = next(link["href"] for link in collection["links"] if link["rel"] == "self")
        address = str(own).replace("f=json", "f=html")
        rows.append(f"<li>{_link(address, str(collection['title']))} – {escape(str(collection['description']))}</li>")
    return f"<ul>{''.join(rows)}</ul>"


def page(
    document: Mapping[str, Any], *, title: str, lang: str, base: str, synthetic: bool, form: str = "", switch: str = "",
) -> HTMLResponse:  # fmt: skip
    """A document of the API as a page: what it says, its features or collections, its links.

    form    HTML that stands above the features
    switch  address of the same page in the other language
    """
    words = WORDS[lang]
    rest = {k: v for k, v in document.items() if k not in ("links", "features", "collections", "title", "description")}
    pager = _pager(document, words) if "features" in document else ""
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="synthetic">{words["synthetic"]}</p>' if synthetic else "",
        f"<p>{escape(str(document['description']))}</p>" if document.get("description") else "",
        f"<h2>{words['data']}</h2>{_collections(document['collections'])}" if "collections" in document else "",
        form,
        f"<h2>{words['features']}</h2>{pager}{_features(document['features'])}{pager}" if pager else "",
        f"<h2>{words['values']}</h2>{_table(rest)}" if rest else "",
        f"<h2>{words['links']}</h2>{_links(list(document.get('links', ())))}",
    ]
    other = _link(switch, words["switch"]) if switch else ""
    nav = f"<nav>{_link(base + '?f=html', words['home'])}{_link('/', words['map'])}{other}</nav>"
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body>{nav}{"".join(parts)}</body></html>'
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": CSP})
