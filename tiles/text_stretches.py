"""The stretches of a road on a text page: where each lies, what is known of each direction, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from psycopg.rows import dict_row

from geo.db import read_sql
from geo.errors import NotFoundError
from geo.vocabulary import Reason, State
from tiles.road_card_heading import compass
from tiles.service import Service
from tiles.states import NO_MOMENT, REASONS, STATES
from tiles.summary_words import age, clock, km_text, reason_text
from tiles.text_page import Frame, page, table
from tiles.text_roads import Basis
from tiles.text_words import word

#: The map opens at this zoom where it is to show a piece.
MAP_ZOOM = 15


async def stretches_page(
    service: Service, frame: Frame, basis: Basis, names: tuple[str, str], pieces: Iterable[int], first: int,
    crumbs: list[tuple[str, str]], below: str,
) -> str:  # fmt: skip
    """A page of stretches. names: of area and road; first: number of the first one; below: HTML after the table.

    Raises NotFoundError where the page has none.
    """
    async with service.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(read_sql("tiles", "text_pieces"), {"piece_ids": [int(one) for one in pieces]})
        rows = await cursor.fetchall()
    if not rows:
        raise NotFoundError("There is no such page of this road.", hint="Choose one from the list.")
    area, road = names
    heads = [word(frame.language, key) for key in ("stretch", "state", "length")]
    cells = [_row(frame, basis, row, number) for number, row in enumerate(rows, first)]
    caption = word(frame.language, "stretches_caption", road=road, area=area)
    body = f"<h2>{frame.say('stretches')}</h2>{table(caption, heads, cells)}{below}"
    return page(frame, f"{road} – {area}", crumbs, body)


def _row(frame: Frame, basis: Basis, row: dict[str, Any], number: int) -> tuple[str, str, str]:
    name = frame.say("stretch_number", n=number)
    near = row["near_en"] if frame.language == "en" and row["near_en"] else row["near"]
    place = f" {frame.say('near', place=near)}" if near else ""
    shown = frame.map_at(f"map={MAP_ZOOM}/{row['lat']:.5f}/{row['lon']:.5f}&road={row['piece_id']}")
    link = f'<a href="{frame.at(f"roads/{row['piece_id']}")}">{name}{place}</a>'
    label = frame.say("on_map_of", name=f"{word(frame.language, 'stretch_number', n=number)}")
    on_map = f'<a href="{shown}" aria-label="{label}">{frame.say("on_map")}</a>'
    metres = row["length_m"]
    length = frame.say("km", km=km_text(metres / 1000)) if metres >= 1000 else frame.say("m", m=round(metres))
    return f"{link}<br>{on_map}", _state(frame, basis, row), length


def _state(frame: Frame, basis: Basis, row: dict[str, Any]) -> str:
    """What both directions show; once where they say the same."""
    index = basis.summary.present.index
    at = int(index.piece_id.searchsorted(row["piece_id"]))
    if at >= len(index.piece_id) or index.piece_id[at] != row["piece_id"]:
        raise NotFoundError("The roads have just changed.", hint="Load the page again.")
    said = {}
    for side, place in enumerate(index.places[at].tolist()):
        if place >= 0:
            said[side] = direction_text(frame, basis, place)
    if len(said) == 2 and said[0] == said[1]:
        return f"{frame.say('both')}: {escape(said[0])}"
    ends = ((row["lon_0"], row["lat_0"]), (row["lon_1"], row["lat_1"]))
    parts = []
    for side, text in said.items():
        ja, en = compass(*(ends if side == 0 else ends[::-1]))
        parts.append(f"{escape(ja if frame.language == 'ja' else en)}: {escape(text)}")
    is_one_side = [basis.standing.state[place] for place in index.places[at].tolist() if place >= 0]
    cleared = sum(state == STATES.index(State.CLEARED) for state in is_one_side)
    note = f"<br><strong>{frame.say('one_side')}</strong>" if len(is_one_side) == 2 and cleared == 1 else ""
    return "<br>".join(parts) + note


def direction_text(frame: Frame, basis: Basis, place: int) -> str:
    """The state of one edge in words, with its time or its reason. place: its position in the index."""
    language, summary = frame.language, basis.summary
    state = State(STATES[basis.standing.state[place]])
    text = word(language, state.value)
    if state is State.UNKNOWN:
        reason = REASONS[basis.standing.reason[place]]
        if reason == Reason.NOT_ON_PLAN:
            return word(language, "off_plan")
        return text + word(language, "because", reason=reason_text(reason, language))
    times = summary.told.cleared if state is State.CLEARED else summary.told.observed
    at_s = int(times[place])
    if at_s == NO_MOMENT or state is State.UNCLEARED:
        return text
    moment = datetime.fromtimestamp(at_s, UTC)
    time = clock(moment, summary.moment, frame.zone, language)
    return f"{text} {word(language, 'ago', time=time, age=age(summary.moment - moment, language))}"
