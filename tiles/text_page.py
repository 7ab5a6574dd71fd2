"""The frame of the text pages: plain HTML without a script, for screen readers, text browsers and weak lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request

from tiles.text_words import Language, word

STYLE_PATH = "css/text.css"
#: No script runs here, nothing comes from another host, no other site frames it.
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the content of a page.

    root       address of the service as this client sees it, without the slash at its end
    path       of this page, after the language
    query      parameters of this page, kept when the language is switched
    notes      sentences on the time that the content is of
    searched   what was searched for; zone: whose clock times are told on
    """

    root: str
    language: Language
    path: str
    query: dict[str, str] = field(default_factory=dict)
    is_synthetic: bool = False
    notes: Sequence[str] = ()
    searched: str = ""
    zone: str = "Asia/Tokyo"

    def say(self, key: str, **values: object) -> str:
        """Words of this page's language, as HTML."""
        return escape(word(self.language, key, **values))

    def at(self, path: str = "", **query: object) -> str:
        """The address of another text page in this language, as HTML."""
        return escape(self._address(self.language, path, {k: str(v) for k, v in query.items()}), quote=True)

    def map_at(self, place: str = "") -> str:
        """The address of the map in this language, as HTML. place: what stands after its #."""
        return escape(f"{self.root}/?lang={self.language}" + (f"#{place}" if place else ""), quote=True)

    def _address(self, language: str, path: str, query: dict[str, str]) -> str:
        return f"{self.root}/text/{language}/{path}" + (f"?{urlencode(query)}" if query else "")

    @property
    def switched(self) -> str:
        """The address of this page in the other language, as HTML."""
        other = "en" if self.language == "ja" else "ja"
        return escape(self._address(other, self.path, self.query), quote=True)


def root_of(request: Request) -> str:
    """The path below which this client sees the service, without the slash at its end."""
    scope = request.scope
    return str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")


def page(frame: Frame, title: str, crumbs: Iterable[tuple[str, str]], content: str) -> str:
    """A whole page. title: text; crumbs: (address as HTML, text) of the pages above; content: HTML of its main part."""
    say, lang = frame.say, frame.language
    other = "en" if lang == "ja" else "ja"
    above = "".join(f'<li><a href="{address}">{escape(text)}</a></li>' for address, text in crumbs)
    here = f'<li aria-current="page">{escape(title)}</li>'
    trail = f'<nav aria-label="{say("crumbs")}"><ol class="crumbs">{above}{here}</ol></nav>'
    synthetic = f'<p class="synthetic" role="note">{say("synthetic")}</p>' if frame.is_synthetic else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in frame.notes)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{escape(title)} – {say('title')}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="stylesheet" href="{frame.root}/{STYLE_PATH}">'
        f'<link rel="icon" href="{frame.root}/icon.svg" type="image/svg+xml">'
        f'<link rel="alternate" hreflang="{other}" href="{frame.switched}"></head><body>'
        f'<a class="skip" href="#main">{say("skip")}</a>'
        f'<header><p class="name"><a href="{frame.at()}">{say("title")}</a></p>'
        f'{synthetic}<nav aria-label="{say("nav")}"><ul><li><a href="{frame.map_at()}">{say("map")}</a></li>'
        f'<li><a href="{frame.switched}" lang="{other}" hreflang="{other}">{say("other_language")}</a></li></ul></nav>'
        f"{_search(frame)}</header>"
        f'<main id="main" tabindex="-1">{trail if above else ""}<h1>{escape(title)}</h1>{content}</main>'
        f"<footer>{notes}<p>{say('terms')}</p></footer></body></html>"
    )


def _search(frame: Frame) -> str:
    say = frame.say
    return (
        f'<form role="search" action="{frame.at("search")}" method="get"><label for="q">{say("search_label")}</label>'
        f'<input id="q" name="q" type="search" value="{escape(frame.searched, quote=True)}" maxlength="200">'
        f'<button type="submit">{say("search")}</button></form>'
    )


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. caption and heads are text; the cells are HTML, the first of a row heads it."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names (text) with their values (HTML) as a list."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in pairs)
    return f"<dl>{rows}</dl>" if rows else ""


def pager(frame: Frame, n: int, n_pages: int) -> str:
    """The ways to the pages before and after the n-th of a list."""
    if n_pages <= 1:
        return ""
    say = frame.say
    ways = []
    for key, to in (("previous", n - 1), ("next", n + 1)):
        if 1 <= to <= n_pages:
            rel = "prev" if key == "previous" else key
            query = {**frame.query, "page": str(to)}
            ways.append(f'<li><a rel="{rel}" href="{frame.at(frame.path, **query)}">{say(key)}</a></li>')
    return f'<nav aria-label="{say("pages")}"><p>{say("page", n=n, of=n_pages)}</p><ul>{"".join(ways)}</ul></nav>'
