"""Pages of disputes without a script: the form, what became of a report, what went wrong. Every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import shapely
from starlette.responses import HTMLResponse

from geo.timeline import in_zone
from layers.columns_disputes import StateSeen
from tiles.disputes_claim import COMMENT_CHARS, TRAP
from tiles.disputes_words import MINUTES, WORDS, ago_text, decision_text, heading_text, seen_text, state_text
from tiles.edge_words import sentences
from tiles.pages import CSP, STYLE_PATH

#: A second sheet of our own host, for forms and charts.
SHEET_PATH = "/css/plain.css"
#: Nobody but the reader keeps such a page, and no address of it is told to others.
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def whole_page(
    title: str, lang: str, body: str, *, switch: str, headers: Mapping[str, str], status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """A page around a body that is HTML already. switch: its address in the other language; empty: none."""
    words = WORDS[lang]
    other = (
        f'<a href="{escape(switch, quote=True)}" hreflang="{ {"ja": "en", "en": "ja"}[lang] }">{words["switch"]}</a>'
    )
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"><link rel="stylesheet" href="{SHEET_PATH}"></head>'
        '<body class="plain">'
        f'<nav><a href="/?lang={lang}">{words["map"]}</a><a href="/accuracy?lang={lang}">{words["accuracy"]}</a>'
        f"{other if switch else ''}</nav><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(
        html, status, headers=dict(headers) | {"Content-Security-Policy": CSP, "Content-Language": lang}
    )


def clock_text(moment: datetime, zone: str, lang: str) -> str:
    """A moment on the clock of a zone."""
    local = in_zone(moment, zone)
    if lang == "ja":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


def road_name(road: Mapping[str, Any], lang: str) -> str:
    """Name of a road, else its route, else words for neither."""
    return str(road["name"] or road["route"] or WORDS[lang]["unnamed"])


def _line(road: Mapping[str, Any]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in shapely.from_wkb(bytes(road["ewkb"])).coords]


def direction_text(road: Mapping[str, Any], lang: str) -> str:
    """Towards where a direction of a road leads."""
    return heading_text(_line(road), lang, is_reversed=road["direction"] == "backward")


def _radio(name: str, value: str, text: str, *, is_checked: bool) -> str:
    checked = " checked" if is_checked else ""
    box = f'<input type="radio" name="{name}" value="{value}"{checked} required>'
    return f'<label class="choice">{box}<span>{text}</span></label>'


def _directions(roads: Sequence[Mapping[str, Any]], lang: str, chosen: str) -> str:
    words = WORDS[lang]
    listed = [(str(road["direction"]), direction_text(road, lang)) for road in roads]
    if len(roads) > 1:
        listed.append(("both", words["both"]))
    chosen = chosen if chosen in dict(listed) else listed[-1][0]
    radios = "".join(_radio("direction", word, escape(text), is_checked=word == chosen) for word, text in listed)
    return f'<fieldset><legend>{words["direction"]}</legend><div class="choices">{radios}</div></fieldset>'


def form_html(
    roads: Sequence[Mapping[str, Any]], lang: str, zone: str, *, stamp: str, client_id: str, given: Mapping[str, Any],
) -> str:  # fmt: skip
    """The form for a road; given: what was filled in before."""
    words = WORDS[lang]
    piece_id = roads[0]["edge_id"] >> 1
    told = "".join(
        f"<dt>{escape(direction_text(road, lang))}</dt><dd>{escape(said_text(road, zone, lang))}</dd>" for road in roads
    )
    seen = "".join(
        _radio("state_seen", word.value, escape(seen_text(word, lang)), is_checked=given.get("state_seen") == word)
        for word in StateSeen
    )
    chosen = str(given.get("minutes_ago", "0"))
    ago = "".join(
        f'<option value="{n}"{" selected" if str(n) == chosen else ""}>{ago_text(n, lang)}</option>' for n in MINUTES
    )
    hidden = {"piece_id": piece_id, "client_id": client_id, "form_stamp": stamp, "lang": lang}
    inputs = "".join(
        f'<input type="hidden" name="{k}" value="{escape(str(v), quote=True)}">' for k, v in hidden.items()
    )
    synthetic = f'<p class="synthetic">{words["synthetic"]}</p>' if any(road["synthetic"] for road in roads) else ""
    comment = escape(str(given.get("comment") or ""))
    return (
        f"{synthetic}<p>{words['about']}</p><h2>{escape(road_name(roads[0], lang))}</h2>"
        f"<h3>{words['shown']}</h3><dl>{told}</dl>"
        f'<form method="post" action="/disputes" enctype="multipart/form-data">{inputs}'
        f"{_directions(roads, lang, str(given.get('direction', '')))}"
        f"<fieldset><legend>{words['seen']}（{words['required']}）</legend>"
        f'<div class="choices">{seen}</div></fieldset>'
        f'<p><label for="ago">{words["when"]}</label><select id="ago" name="minutes_ago">{ago}</select></p>'
        f'<p><label for="photo">{words["photo"]}</label><input id="photo" name="photo" type="file" '
        f'accept="image/jpeg,image/png,image/webp" aria-describedby="photo-about"></p>'
        f'<p class="about" id="photo-about">{words["photo_about"]}</p>'
        f'<p><label for="comment">{words["comment"]}</label><textarea id="comment" name="comment" rows="3" '
        f'maxlength="{COMMENT_CHARS}" aria-describedby="comment-about">{comment}</textarea></p>'
        f'<p class="about" id="comment-about">{words["comment_about"]}</p>'
        f'<p class="trap" aria-hidden="true"><label for="{TRAP}">{words["trap"]}</label>'
        f'<input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></p>'
        f'<p class="about">{words["privacy"]}</p><p><button type="submit">{words["send"]}</button></p></form>'
    )


def said_text(road: Mapping[str, Any], zone: str, lang: str) -> str:
    """What is told of a direction, in sentences."""
    return "".join(sentences(road, zone, "ja")) if lang == "ja" else " ".join(sentences(road, zone, "en"))


def problem_html(message: str, lang: str) -> str:
    """What went wrong, above the form."""
    return f'<p class="problem" role="alert"><strong>{WORDS[lang]["problem"]}</strong> {escape(message)}</p>'


def own_html(known: Mapping[str, Any], lang: str, zone: str) -> str:
    """What the sender of a report sees of it."""
    words = WORDS[lang]
    decision = words["waits"] if known["decision"] is None else decision_text(known["decision"], lang)
    rows = [
        (words["number"], str(known["dispute_id"])),
        (words["received"], clock_text(known["received_at"], zone, lang)),
        (words["road"], road_name(known, lang)),
        (words["seen"], seen_text(known["state_seen"], lang)),
        (words["seen_at"], clock_text(known["seen_at"], zone, lang)),
        (words["told"], state_text(known["shown_state"], lang)),
        (words["own_photo"], words["has_photo"] if known["has_photo"] else ""),
        (words["own_comment"], known["comment"] or ""),
        (words["decision"], decision),
        (words["reason"], known["decision_reason"] or ""),
        (words["decided"], clock_text(known["decided_at"], zone, lang) if known["decided_at"] else ""),
    ]
    rows = [(name, value) for name, value in rows if value]
    cells = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    again = f"/disputes/new?piece_id={known['edge_id'] >> 1}&amp;lang={lang}"
    synthetic = f'<p class="synthetic">{words["synthetic"]}</p>' if known["synthetic"] else ""
    return (
        f"{synthetic}<table class='own'>{cells}</table><p>{words['keep']}</p><p>{words['no_change']}</p>"
        f'<p><a href="{again}">{words["again"]}</a></p>'
    )
