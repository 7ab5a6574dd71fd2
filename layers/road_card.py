"""Publish what the card of a road needs beside the state: the way along routes, heirs of former pieces, contacts."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from geo.db import Database, Role, Row, read_sql

#: Written anew whenever the roads are.
_OF_ROADS: tuple[LiteralString, ...] = (
    "publish_card_gone", "publish_road_node", "publish_route_town", "publish_former_piece",
)  # fmt: skip


def publish_card_roads(connection: psycopg.Connection[Row], *, has_new_roads: bool) -> None:
    """Write what rests on the roads and plans alone, in the connection's transaction, as yuki_publish.

    has_new_roads  whether pub.roads has just been written; else nothing is to be done
    """
    if has_new_roads:
        for name in _OF_ROADS:
            connection.execute(read_sql("layers", name))


def publish_managers(connection: psycopg.Connection[Row]) -> int:
    """Publish the contacts that stand, in the connection's transaction, as yuki_publish; how many changed."""
    n_gone = connection.execute(read_sql("layers", "publish_managers_gone")).rowcount
    return max(n_gone, connection.execute(read_sql("layers", "publish_managers")).rowcount)


def publish_managers_alone(database: Database) -> int:
    """The same in a transaction of its own, whether there are roads or not; one publication at a time."""
    with database.connect(Role.PUBLISH) as connection:
        connection.execute(read_sql("layers", "publish_lock"))
        return publish_managers(connection)
