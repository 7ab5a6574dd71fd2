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
from tiles.items import Page, read_page
from tiles.items_query import ItemsQuery
from tiles.items_source import Source
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


def _key(collection: Collection, query: ItemsQuery, state: Hashable, moment: datetime) -> Hashable | None:
    """What a count rests on; None: nothing is kept, since callers see different rows of what is not public."""
    if not collection.is_public:
        return None
    condition = query.condition.asked if query.condition is not None else None
    selected = (query.box, query.box_crs.srid, query.during, query.past, query.filters, condition)
    # what goes by the clock is counted again each second
    return collection.collection_id, state, selected, int(moment.timestamp()) if collection.is_live else 0


async def _estimate(connection: Connection, source: Source, least: int) -> int:
    guessing = sql.SQL(read_sql("tiles", "items_estimate")).format(source=source.select, where=source.where)
    row = await (await connection.execute(guessing, source.values, prepare=False)).fetchone()
    assert row is not None
    plan: list[dict[str, Any]] = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return max(int(plan[0]["Plan"]["Plan Rows"]), least)


async def read_counted(
    service: Service, connection: Connection, collection: Collection, query: ItemsQuery, source: Source,
    state: Hashable, moment: datetime,
) -> tuple[Page, Matched]:  # fmt: skip
    """The page that a request asks for, and how many features match it.

    state: what the rows rest on; counts are kept as long as it stays.
    """
    key = _key(collection, query, state, moment)
    kept: Matched | None = service.counts.get(key) if key is not None else None
    most = COUNT_WHOLE_MAX if query.is_whole else COUNT_MAX
    page = await read_page(connection, collection, query, source, 0 if kept is not None else most)
    if kept is not None:
        return page, kept
    if page.n_matched is None:  # the first page, and the last one too
        return page, Matched(page.n)
    counted = Matched(page.n_matched)
    if page.n_matched > most:
        counted = Matched(None, await _estimate(connection, source, page.n_matched))
    if key is not None:
        service.counts[key] = counted
        while len(service.counts) > KEPT_MAX:
            service.counts.popitem(last=False)
    return page, counted
