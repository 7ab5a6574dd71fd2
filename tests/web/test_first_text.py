"""Text pages and the filled page in a real browser, on the real server: axe, narrow and large screens, requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from geo.db import Role
from geo.settings import Settings
from layers.publish import publish
from tests.tiles.conftest import AS_OF, SECRET, TOWN, Clock, serving
from tests.web.axe import violations
from tiles.service import Service
from yukimichi.cluster import Cluster

pytestmark = pytest.mark.browser

ROAD = f"areas/17201/road?route={quote('国道8号')}"


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[str]:
    """The address of the small town behind the real server."""
    cluster.create_database("text_town", "template_yuki")
    database = cluster.database("text_town")
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, SECRET)
    with serving(database, Service(Settings(), database, clock=Clock())) as address:
        yield address
    cluster.drop_database("text_town")


@pytest.mark.parametrize("page", ["", "areas/17201", ROAD, "roads/2", f"search?q={quote('国道8号')}", "areas/none"])
def test_axe_finds_nothing_on_any_kind_of_text_page(chromium: Any, town: str, page: str) -> None:
    for language, is_dark in (("ja", False), ("en", True)):
        chromium.open(f"{town}/text/{language}/{page}", width=320, height=640, is_phone=True, is_dark=is_dark)
        assert violations(chromium) == []
        assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth")
        own = urlsplit(town).netloc
        assert {urlsplit(url).netloc for url in chromium.requests()} == {own}


def test_the_keyboard_skips_to_the_content_and_walks_the_links(chromium: Any, town: str) -> None:
    chromium.open(f"{town}/text/ja/", width=390, height=844, is_phone=True)
    chromium.key("Tab")
    assert chromium.evaluate("document.activeElement.className") == "skip"
    chromium.key("Enter")
    chromium.wait("location.hash === '#main'")
    chromium.key("Tab")
    assert chromium.evaluate("document.activeElement.closest('main') !== null")


def test_the_filled_page_needs_no_question_for_its_first_view(chromium: Any, town: str) -> None:
    chromium.open(f"{town}/?lang=ja", width=390, height=844, is_phone=True)
    chromium.wait("document.body.classList.contains('is-useful')")
    shown = chromium.evaluate(
        "[document.getElementById('area-words').textContent, document.querySelectorAll('#overview-drawing g').length]"
    )
    assert shown[0].startswith("全域：除雪完了 ")
    assert shown[1] == 2
    asked = [urlsplit(url).path for url in chromium.requests()]
    assert "/config.json" not in asked
    assert "/status/overview" not in asked
    assert chromium.complaints() == []
