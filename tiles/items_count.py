"""How many features match: exactly as far as that is cheap, beyond it as the planner estimates.

OGC 17-069r4 (/req/core/fc-numberMatched) lets numberMatched be exact or absent, so an estimate has a name of its own.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from geo.db import read_sql
from layers.catalogue import Collection
from tiles.items import Page, Source
from tiles.items_query import ItemsQuery
from tiles.service import Connection, Service

#: What a request selects is counted exactly up to here, a collection as a whole up to there.
COUNT_MAX = 10_000
COUNT_WHOLE_MAX = 1_000_000
#: Counts that one process keeps.
KEPT_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Matched:
    """How many features match. exact None: not known exactly, and then there is an estimate."""

    exact: int | None
    estimate: int | None = None

    def members(self) -> dict[str, int]:
        """As members of a feature collection."""
        if self.exact is not None:
            return {"numberMatched": self.exact}
        return {} if self.estimate is None else {"numberMatchedEstimate": self.estimate}


def _of_page(query: ItemsQuery, page: Page) -> int | None:
    """The number that the page itself tells: it is the last one, and what came before it was counted."""
    if page.cursor is not None or query.cursor is not None:
        return None
    offset = query.offset or 0
    return offset + page.n if page.n or not offset else None


async def _count(connection: Connection, source: Source, most: int) -> Matched:
    counting = sql.SQL(read_sql("tiles", "items_count")).format(source=source.select, where=source.where)
    row = await (await connection.execute(counting, source.values | {"most": most}, prepare=False)).fetchone()
    assert row is not None
    if row[0] <= most:
        return Matched(row[0])
    guessing = sql.SQL(read_sql("tiles", "items_estimate")).format(source=source.select, where=source.where)
    row = await (await connection.execute(guessing, source.values, prepare=False)).fetchone()
    assert row is not None
    plan: list[dict[str, Any]] = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return Matched(None, max(int(plan[0]["Plan"]["Plan Rows"]), most + 1))


def _key(collection: Collection, query: ItemsQuery, state: Hashable, moment: datetime) -> Hashable:
    condition = query.condition.asked if query.condition is not None else None
    selected = (query.box, query.box_crs.srid, query.during, query.past, query.filters, condition)
    # what goes by the clock is counted again each second
    return collection.collection_id, state, selected, int(moment.timestamp()) if collection.is_live else 0


async def matched(
    service: Service, connection: Connection, collection: Collection, query: ItemsQuery, source: Source, page: Page,
    state: Hashable, moment: datetime,
) -> Matched:  # fmt: skip
    """How many features match a request. state: what the rows rest on; counts are kept as long as it stays.

    Of a collection that is not public nothing is kept, since callers see different rows of it.
    """
    told = _of_page(query, page)
    if told is not None:
        return Matched(told)
    key = _key(collection, query, state, moment)
    kept = service.counts.get(key) if collection.is_public else None
    if kept is None:
        kept = await _count(connection, source, COUNT_WHOLE_MAX if query.is_whole else COUNT_MAX)
        if collection.is_public:
            service.counts[key] = kept
            while len(service.counts) > KEPT_MAX:
                service.counts.popitem(last=False)
    return kept
