"""Status tiles: after any change what is kept is what would be made anew, and no more goes than has to.

The oracle of the invalidation is a tile made from the database; that of its arithmetic looks at every tile and box.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import PoolTimeout

from geo.db import Database, Role
from geo.errors import DatabaseProblem, OverloadedError
from geo.settings import Settings
from layers.catalogue import Collection
from layers.generalise import BOTH_SIDES_ZOOM, STATUS
from tests.tiles.conftest import Clock
from tests.tiles.mvt_reader import features
from tiles.matrix_sets import MARGIN, MATRIX_SETS, WEB_MERCATOR, MatrixSet
from tiles.service import Service
from tiles.tile_ageing import aged
from tiles.tile_cache import Key, Tile
from tiles.tile_status import status_key, touched, touched_by
from tiles.vector import _read, cache_control, public_tile

type Address = tuple[MatrixSet, int, int, int]

BASIS = ("basis",)
#: The town lies here; the tiles of it and around it at each zoom.
BOX = (136.59, 36.54, 136.67, 36.59)


def tile_at(lon: float, lat: float, z: int, matrix_set: MatrixSet = WEB_MERCATOR) -> tuple[int, int]:
    """A column and row whose tile draws what lies at a place."""
    x, y, _, _ = (int(n) for n in matrix_set.reach(np.array([(lon, lat, lon, lat)]), z)[0])
    return x, y


def addresses() -> Iterator[Address]:
    for matrix_set in MATRIX_SETS.values():
        for z in (0, 5, *range(7, matrix_set.max_zoom + 1)):
            left, top, right, bottom = (int(n) for n in matrix_set.reach(np.array([BOX]), z)[0])
            for x in range(left, right + 1):
                for y in range(top, bottom + 1):
                    yield matrix_set, z, x, y


def naive_touched(keys: list[Key], boxes: list[tuple[float, float, float, float]], zooms: list[int]) -> list[Key]:
    found = []
    for key in keys:
        _, set_id, z, x, y, _ = key
        matrix_set = MATRIX_SETS[str(set_id)]
        west, south, east, north = matrix_set.box(int(str(z)), int(str(x)), int(str(y)), MARGIN)
        for box, zoom in zip(boxes, zooms, strict=True):
            w, s, e, n = matrix_set.planar(np.array([box]))[0]
            if zoom <= matrix_set.detail(int(str(z))) and w <= east and e >= west and s <= north and n >= south:
                found.append(key)
                break
    return found


POINTS = st.tuples(st.floats(136.2, 137.3), st.floats(36.1, 37.8))
DRAWN = st.lists(
    st.tuples(POINTS, st.floats(0, 0.02), st.floats(0, 0.02), st.sampled_from([0, 8, 9, 10, 12])),
    min_size=1,
    max_size=6,
)


@given(
    tiles=st.lists(st.tuples(st.sampled_from(list(MATRIX_SETS)), POINTS, st.integers(0, 13)), min_size=1), drawn=DRAWN
)
@settings(max_examples=60)
def test_the_tiles_that_a_change_touches_are_those_that_looking_at_each_finds(tiles: Any, drawn: Any) -> None:
    keys = []
    for set_id, (lon, lat), z in tiles:
        matrix_set = MATRIX_SETS[set_id]
        x, y = tile_at(lon, lat, z, matrix_set)
        keys += [status_key(BASIS, matrix_set, z, x + dx, y) for dx in (0, 1)]
    keys = list(dict.fromkeys(keys))
    boxes = [(lon, lat, lon + w, lat + h) for (lon, lat), w, h, _ in drawn]
    zooms = [zoom for *_, zoom in drawn]
    found = touched(keys, np.array(boxes), np.array(zooms))
    assert sorted(map(str, found)) == sorted(map(str, naive_touched(keys, boxes, zooms)))


def test_nothing_is_touched_where_nothing_changed_or_nothing_is_kept() -> None:
    key = status_key(BASIS, WEB_MERCATOR, 14, *tile_at(136.65, 36.56, 14))
    assert touched_by([key], []) == []
    assert touched_by([], [(136.6, 36.5, 136.7, 36.6, "national")]) == []
    assert touched_by([key], [(136.6, 36.5, 136.7, 36.6, "national")]) == [key]


@contextmanager
def changed(database: Database) -> Iterator[Callable[..., None]]:
    """A publication of one more version: set_state(edge, state, reason, cleared_at, valid_until)."""
    with database.connect(Role.PUBLISH) as connection:
        row = connection.execute("UPDATE pub.dataset SET status_version = status_version + 1 RETURNING 1").fetchone()
        assert row

        def set_state(edge_id: int, state: str, reason: str, cleared: datetime | None, valid: datetime | None) -> None:
            connection.execute(
                "UPDATE pub.edge_status SET state = %s, reason = %s, cleared_at = %s, valid_until = %s, "
                "status_version = (SELECT status_version FROM pub.dataset) WHERE edge_id = %s",
                (state, reason, cleared, valid, edge_id),
            )

        yield set_state


def random_change(database: Database, rng: random.Random, now: datetime) -> None:
    with changed(database) as set_state:
        for edge_id in rng.sample([2, 4, 5, 6, 7, 9], rng.randint(1, 3)):
            state = rng.choice(["cleared", "clearing", "uncleared", "unknown"])
            valid = now + timedelta(minutes=rng.randint(-10, 120))
            holds = state in ("cleared", "clearing")
            reason = "silent" if state == "unknown" else "none"
            set_state(edge_id, state, reason, now if holds else None, valid if holds else None)


def with_service(town: Database, clock: Clock, work: Callable[[Service, Collection], Awaitable[None]]) -> None:
    """Run some work beside an open service that looks only when it is told to."""

    async def run() -> None:
        service = Service(Settings(), town, clock=clock)
        async with service.open():
            watch = service._watch
            assert watch is not None
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await service.look()
            await work(service, service.dataset.collections[STATUS])

    asyncio.run(run())


def told(tile: Tile) -> dict[int, dict[str, Any]]:
    return features(gzip.decompress(tile.packed))[1] if tile.packed else {}


async def drawn_by(service: Service, collection: Collection, where: list[Address]) -> list[dict[int, dict[str, Any]]]:
    """What each tile tells when it is made from the database now."""
    return [told(await _read(service, collection, *address)) for address in where]


def test_after_random_changes_every_kept_tile_equals_a_fresh_one(town: Database, clock: Clock) -> None:
    """What goes is held against what truly changes: at most half as much again (a road's box is wider than its line,
    and at low zooms the other direction may hide a change)."""
    rng = random.Random(6)

    async def work(service: Service, collection: Collection) -> None:
        where = list(addresses())
        n_kept = n_gone = n_differ = 0
        for step in range(8):
            for address in where:
                await public_tile(service, collection, *address)
            before = {key: service.tiles.held(key) for key in list(service.tiles)}
            drawn_before = await drawn_by(service, collection, where)
            random_change(town, rng, clock.at)
            await service.look()
            drawn_after = await drawn_by(service, collection, where)
            n_differ += sum(old != new for old, new in zip(drawn_before, drawn_after, strict=True))
            clock.at += timedelta(minutes=rng.randint(0, 20))
            await service.look()
            await service.follower.follow(service)
            after = {key: service.tiles.held(key) for key in list(service.tiles)}
            n_kept, n_gone = n_kept + len(after), n_gone + len(before) - len(after)
            for address in where:
                tile, key = await public_tile(service, collection, *address)
                fresh = await _read(service, collection, *address)
                assert (tile.packed, tile.ends_s) == (fresh.packed, fresh.ends_s), (step, address)
                if key in after and tile is not before[key]:
                    assert before[key] is not None
                    assert before[key].ends_s <= service.moment().timestamp(), "it was made anew without need"  # type: ignore[union-attr]
        assert n_kept > 0
        assert n_differ <= n_gone <= 1.5 * n_differ, "more was made anew than a change touches"

    with_service(town, clock, work)


def test_another_basis_drops_every_status_tile(town: Database, clock: Clock) -> None:
    async def work(service: Service, collection: Collection) -> None:
        await public_tile(service, collection, WEB_MERCATOR, 12, 3602, 1602)
        assert len(service.tiles) == 1
        with town.connect(Role.PUBLISH) as connection:
            connection.execute("UPDATE pub.dataset SET withheld_version = withheld_version + 1")
        await service.look()
        await service.follower.follow(service)
        assert len(service.tiles) == 0

    with_service(town, clock, work)


def test_clearings_run_out_in_memory_as_they_do_in_the_database(town: Database, clock: Clock) -> None:
    rng = random.Random(7)

    async def work(service: Service, collection: Collection) -> None:
        for _ in range(6):
            random_change(town, rng, clock.at)
            await service.look()
            now = clock.at
            for matrix_set, z in ((WEB_MERCATOR, 14), (WEB_MERCATOR, 13), (MATRIX_SETS["WorldCRS84Quad"], 12)):
                x, y = tile_at(136.6505, 36.562, z, matrix_set)
                clock.at = now
                tile = gzip.decompress((await _read(service, collection, matrix_set, z, x, y)).packed)
                for minutes in (0, 20, 60, 200):
                    clock.at = now + timedelta(minutes=minutes)
                    fresh = await _read(service, collection, matrix_set, z, x, y)
                    old, ends_s = aged(tile, clock.at.timestamp())
                    assert features(old) == features(gzip.decompress(fresh.packed))
                    assert ends_s == fresh.ends_s
            clock.at = now

    with_service(town, clock, work)


def test_low_zooms_draw_the_direction_that_is_further_from_cleared(town: Database, clock: Clock) -> None:
    later = clock.at + timedelta(hours=1)

    async def work(service: Service, collection: Collection) -> None:
        x, y = tile_at(136.64, 36.5605, 9)
        with changed(town) as set_state:
            set_state(4, "cleared", "none", clock.at, later)
            set_state(5, "cleared", "none", clock.at, later + timedelta(hours=1))
        both = told(await _read(service, collection, WEB_MERCATOR, BOTH_SIDES_ZOOM - 3, x, y))
        assert {edge: (f["state"], f["valid_until"]) for edge, f in both.items() if edge in (4, 5)} == {
            4: ("cleared", int(later.timestamp()))
        }
        with changed(town) as set_state:
            set_state(5, "uncleared", "none", None, None)
        one = told(await _read(service, collection, WEB_MERCATOR, BOTH_SIDES_ZOOM - 3, x, y))
        assert {edge: f["state"] for edge, f in one.items() if edge in (4, 5)} == {5: "uncleared"}

    with_service(town, clock, work)


def test_while_the_database_is_away_a_tile_goes_on_and_never_says_cleared_too_long(
    town: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime(2026, 1, 14, 22, tzinfo=UTC)

    async def work(service: Service, collection: Collection) -> None:
        x, y = tile_at(136.6505, 36.562, 14)
        first, _ = await public_tile(service, collection, WEB_MERCATOR, 14, x, y)
        assert told(first)[6]["state"] == "cleared"
        monkeypatch.setattr(service, "connection", away)
        clock.at = begin + timedelta(minutes=29)
        # nobody has noticed yet: what is kept needs no database
        assert (await public_tile(service, collection, WEB_MERCATOR, 14, x, y))[0] is first
        clock.at = begin + timedelta(minutes=30)
        for noticed in (None, clock.at):
            service.stale_since = noticed
            tile, _ = await public_tile(service, collection, WEB_MERCATOR, 14, x, y)
            assert (told(tile)[6]["state"], told(tile)[6]["reason"]) == ("unknown", "expired")
            assert told(tile)[4]["state"] == "cleared"
        assert (await public_tile(service, collection, WEB_MERCATOR, 14, x, y))[0] is tile
        with pytest.raises(DatabaseProblem):
            await public_tile(service, collection, WEB_MERCATOR, 14, x + 1, y)
        monkeypatch.undo()
        service.stale_since = None
        back, _ = await public_tile(service, collection, WEB_MERCATOR, 14, x, y)
        assert not back.is_aged
        assert told(back) == told(tile)

    with_service(town, clock, work)


def away(*_: object) -> Any:
    raise PoolTimeout("no connection")


def test_caches_are_told_no_longer_than_the_first_clearing_lasts(town: Database, clock: Clock) -> None:
    async def work(service: Service, collection: Collection) -> None:
        now_s = clock.at.timestamp()
        for left_s, said in (
            (float("inf"), "max-age=1, stale-while-revalidate=1, stale-if-error=600"),
            (100.0, "max-age=1, stale-while-revalidate=1, stale-if-error=90"),
            (1.5, "max-age=1, stale-while-revalidate=0, stale-if-error=0"),
            (0.5, "max-age=0, stale-while-revalidate=0, stale-if-error=0"),
        ):
            found = cache_control(service, collection, Tile.of(b"", now_s + left_s), "")
            assert found == f"public, {said}"

    with_service(town, clock, work)


def test_what_moves_is_not_told_from_memory_while_the_database_is_away(
    town: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(service: Service, _: Collection) -> None:
        ploughs, passes = (service.dataset.collections[name] for name in ("ploughs", "passes"))
        for collection in (ploughs, passes):
            await public_tile(service, collection, WEB_MERCATOR, 14, *tile_at(136.64, 36.56, 14))
        monkeypatch.setattr(service, "connection", away)
        clock.at += timedelta(seconds=5)
        await public_tile(service, passes, WEB_MERCATOR, 14, *tile_at(136.64, 36.56, 14))
        with pytest.raises((PoolTimeout, OverloadedError)):
            await public_tile(service, ploughs, WEB_MERCATOR, 14, *tile_at(136.64, 36.56, 14))

    with_service(town, clock, work)
