"""One road piece as a text page: what the card of the map says of it, direction by direction."""

from __future__ import annotations

from datetime import datetime
from html import escape

from geo.errors import NotFoundError
from tiles.road_card_compose import Tongue, compose
from tiles.road_card_model import Direction, RoadCard, Words
from tiles.road_card_read import read_facts
from tiles.service import Service
from tiles.summary import Summary
from tiles.summary_words import age, clock
from tiles.text_page import Frame, facts, page, table
from tiles.text_stretches import MAP_ZOOM
from tiles.text_words import word


async def piece_page(
    service: Service, frame: Frame, summary: Summary, piece_id: str, crumbs: list[tuple[str, str]]
) -> str:
    """The page of a piece. Raises NotFoundError."""
    found = None
    if piece_id.isascii() and piece_id.isdigit() and len(piece_id) < 19:
        found = await read_facts(service, int(piece_id), None)
    if found is None:
        raise NotFoundError(f"No road piece {piece_id[:40]!r}.", hint="Choose one from the list.")
    settings = service.settings
    say = Tongue((frame.language,), settings.timezone, settings.card, settings.status.confidence_min)
    card = compose(found, service.moment(), say)
    name = card.route or card.name or word(frame.language, "unnamed")
    above = [*crumbs, *_area_crumb(frame, summary, card)]
    sides = "".join(_direction(frame, one, card.as_of) for one in card.directions)
    one_side = f'<p class="state">{frame.say("one_side")}</p>' if card.is_one_side_only else ""
    return page(frame, name, above, f"{_road(frame, card)}{one_side}{sides}{_links(frame, card, name)}")


def _area_crumb(frame: Frame, summary: Summary, card: RoadCard) -> list[tuple[str, str]]:
    for one in summary.content["areas"][1:]:
        if one["name"] == card.municipality:
            label = one["name_en"] if frame.language == "en" and one["name_en"] else one["name"]
            return [(frame.at(f"areas/{one['id']}"), label)]
    return []


def _of(frame: Frame, words: Words | None) -> str:
    """Words in the page's language, as HTML; empty where there are none."""
    return "" if words is None else escape(words[frame.language])


def _road(frame: Frame, card: RoadCard) -> str:
    language = frame.language
    pairs = [
        (word(language, "class"), _of(frame, card.road_class_words)),
        (word(language, "manager"), _of(frame, card.manager.words)),
        (word(language, "length"), frame.say("m", m=round(card.length_m))),
    ]
    contact = card.manager.contact
    if contact is not None:
        number = contact.phone or ""
        phone = f' <a href="tel:{escape(number, quote=True)}">{escape(number)}</a>' if number else ""
        pairs.append((word(language, "contact"), _of(frame, contact.name) + phone))
    if card.plan is not None:
        parts = (card.plan.name, card.plan.route_class, card.plan.target_time)
        pairs.append((word(language, "plan"), escape(" · ".join(part for part in parts if part))))
    return facts(pairs)


def _direction(frame: Frame, side: Direction, now: datetime) -> str:
    language = frame.language
    times = (("cleared_at", side.cleared_at), ("valid_until", side.valid_until), ("observed_at", side.observed_at))
    pairs = [(key, _time(frame, at, now)) for key, at in times if at]
    pairs += [("snow", _of(frame, side.snow.words))] if side.snow else []
    pairs += [("work", _of(frame, side.treatment_words))] if side.treatment_words else []
    pairs += [("basis", _of(frame, side.work_basis_words))]
    pairs += [("confidence", _of(frame, side.confidence_words))] if side.confidence_words else []
    pairs += [("restriction", _of(frame, side.restriction_words))] if side.restriction_words else []
    pairs += [("target", _of(frame, side.target.words))]
    if side.why_not_yet:
        pairs.append(("why_not_yet", "<br>".join(_of(frame, why.words) for why in side.why_not_yet)))
    pairs += [("next_in_line", _of(frame, side.next.words))] if side.next else []
    pairs.append(("source", _of(frame, side.source_words)))
    rows = facts((word(language, key), value) for key, value in pairs if value)
    why = f"<p>{_of(frame, side.reason_words)}</p>" if side.reason_words else ""
    state = f'<p class="state">{_of(frame, side.state_words)}</p>'
    return f"<section><h2>{_of(frame, side.heading)}</h2>{state}{why}{rows}{_visits(frame, side, now)}</section>"


def _time(frame: Frame, at: datetime, now: datetime) -> str:
    """The moment, with how long ago it is where it is past, as HTML."""
    time = clock(at, now, frame.zone, frame.language)
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    text = frame.say("ago", time=time, age=age(now - at, frame.language)) if at <= now else escape(time)
    return f'<time datetime="{stamp}">{text}</time>'


def _visits(frame: Frame, side: Direction, now: datetime) -> str:
    if not side.visits:
        return ""
    rows = [
        (_time(frame, one.began_at, now), _time(frame, one.ended_at, now), _of(frame, one.words)) for one in side.visits
    ]
    heads = [word(frame.language, key) for key in ("began", "ended", "what")]
    caption = f"{word(frame.language, 'visits')} – {side.heading[frame.language]}"
    return table(caption, heads, rows)


def _links(frame: Frame, card: RoadCard, name: str) -> str:
    lon, lat = card.line[len(card.line) // 2]
    shown = frame.map_at(f"map={MAP_ZOOM}/{lat:.5f}/{lon:.5f}&road={card.piece_id}")
    rows = [
        (shown, frame.say("on_map_of", name=name)),
        (f"{frame.root}/disputes/new?piece_id={card.piece_id}&amp;lang={frame.language}", frame.say("wrong")),
        (f"{frame.root}/status/road/{card.piece_id}?lang={frame.language}", frame.say("json")),
    ]
    return "<ul>" + "".join(f'<li><a href="{address}">{text}</a></li>' for address, text in rows) + "</ul>"
