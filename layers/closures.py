"""Orders of road managers as others see them: closures for everybody, all orders for managers; small tables."""

from __future__ import annotations

import json

import psycopg

from geo.db import Row, read_sql
from geo.vocabulary import Restriction

type Connection = psycopg.Connection[Row]

#: The words of Restriction in English; the Japanese ones stand in the vocabulary.
ENGLISH: dict[Restriction, str] = {
    Restriction.CLOSED: "Closed to traffic",
    Restriction.WINTER_CLOSED: "Closed for the winter",
    Restriction.ONE_LANE: "One lane, alternating traffic",
    Restriction.CHAINS: "Tyre chains required",
    Restriction.WINTER_TYRES: "Winter tyres required",
}


def publish_closures(connection: Connection) -> int:
    """Publish restrictions, past ones too, and all orders for managers; how many restrictions. As yuki_publish."""
    words = {
        "ja": json.dumps({word.value: word.ja for word in Restriction}, ensure_ascii=False),
        "en": json.dumps({word.value: text for word, text in ENGLISH.items()}),
    }
    connection.execute(read_sql("layers", "publish_closures_gone"))
    n_closures = connection.execute(read_sql("layers", "publish_closures"), words).rowcount
    connection.execute(read_sql("layers", "publish_orders_gone"))
    connection.execute(read_sql("layers", "publish_orders"))
    return n_closures
