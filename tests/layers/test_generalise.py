"""What zooms leave out: bands without a gap, one index each, and statements that say all of it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from geo.db import Database, Role
from geo.vocabulary import ROAD_CLASSES
from layers.catalogue import COLLECTIONS
from layers.generalise import (
    BANDS,
    FIRST_ZOOMS,
    MAX_ZOOM,
    SMALLEST,
    band_of,
    first_zoom,
    first_zoom_of_class,
    left_out,
    statement,
)


def test_bands_hold_every_zoom_once_and_show_more_and_more() -> None:
    assert [z for band in BANDS for z in range(band.min_zoom, band.max_zoom + 1)] == list(range(MAX_ZOOM + 1))
    for lower, upper in pairwise(BANDS):
        assert set(lower.classes) < set(upper.classes)
        assert lower.tolerance_m > upper.tolerance_m
    assert (BANDS[-1].classes, BANDS[-1].tolerance_m, left_out(BANDS[-1])) == (ROAD_CLASSES, 0.0, ())


def test_a_class_begins_where_the_first_band_shows_it() -> None:
    for road_class in ROAD_CLASSES:
        zoom = first_zoom_of_class(road_class.value)
        assert road_class in band_of(zoom).classes
        assert zoom == 0 or road_class not in band_of(zoom - 1).classes


def test_each_band_has_an_index_of_its_own(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'road_tile'").fetchall()
    indexed = {int(found[1]) for row in rows if (found := re.search(r"gist .*min_zoom = (\d+)", row[0]))}
    assert indexed == {band.min_zoom for band in BANDS}


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("collection_id", [c.collection_id for c in COLLECTIONS if c.tile_layer])
def test_a_statement_holds_every_zoom_of_a_set_and_says_what_is_left_out(collection_id: str, shift: int) -> None:
    bands = statement(collection_id, shift)
    zooms = [z for b in bands for z in range(int(str(b["minzoom"])), int(str(b["maxzoom"])) + 1)]
    assert zooms == list(range(MAX_ZOOM - shift + 1))
    for band in bands:
        is_before = int(str(band["maxzoom"])) + shift < first_zoom(collection_id)
        assert (band["left_out"] == ["everything"]) == is_before
        assert is_before or SMALLEST in str(band["note"])


def test_the_first_zooms_are_of_collections_that_there_are() -> None:
    assert set(FIRST_ZOOMS) <= {collection.collection_id for collection in COLLECTIONS}
