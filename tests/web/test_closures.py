"""Closures on the residents' map: drawn by shape and pattern, in the legend, on the card, gone when they end."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

type Open = Callable[..., Any]

SHUT, LIMIT = {False: (138, 0, 48), True: (200, 16, 79)}, {False: (255, 157, 0), True: (255, 180, 60)}


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    """Helpers of the tests of the page."""
    spec = importlib.util.spec_from_file_location("test_page_helpers", Path(__file__).with_name("test_page.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(page: Any, pages: ModuleType, piece: int, colour: Sequence[int]) -> int:
    """Pixels of a colour along a road, its sign in the middle included."""
    x, y = pages.on_screen(page, pages.lat_of(piece), 15)
    n: int = pages.count(page, colour, (x - 150, y - 16, 300, 32))
    return n


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_closed_road_and_a_restricted_one_are_drawn_differently(
    open_page: Open, service: Any, pages: ModuleType, is_dark: bool
) -> None:
    service.control(closures={"15": "closed", "18": "one_lane"})
    page = open_page("?lang=ja#map=15/36.56/136.62", is_dark=is_dark)
    page.wait("performance.getEntriesByType('resource').some((e) => e.name.includes('collections/closures'))")
    pages.settle(page)
    page.wait("document.getElementById('map').getAttribute('aria-busy') === 'false'")
    assert shown(page, pages, 15, SHUT[is_dark]) > 150
    assert shown(page, pages, 15, LIMIT[is_dark]) == 0
    assert shown(page, pages, 18, LIMIT[is_dark]) > 100
    assert shown(page, pages, 18, SHUT[is_dark]) == 0
    assert shown(page, pages, 14, SHUT[is_dark]) == 0


def test_the_card_says_what_from_when_until_when_and_why(open_page: Open, service: Any) -> None:
    service.control(closures={"15": "closed"})
    page = open_page("?lang=ja#map=15/36.56/136.62&road=15")
    page.wait("document.querySelector('#card-closures .closure') !== null")
    page.wait("document.getElementById('card').textContent.includes('市道五')")  # its name comes with the answer
    text = page.evaluate("document.getElementById('card').innerText")
    for words in ("通行止め", "から", "まで", "理由: なだれのおそれ", "道路管理者（県）の指示", "市道五"):
        assert words in text, words
    assert page.evaluate("document.querySelector('.closure').dataset.restriction") == "closed"
    page.evaluate("document.getElementById('language').click()")
    page.wait("document.getElementById('card-closures').innerText.includes('Ordered by the road manager')")


def test_a_road_without_an_order_has_none_on_its_card(open_page: Open, service: Any) -> None:
    service.control(closures={"15": "closed"})
    page = open_page("?lang=ja#map=15/36.56/136.62&road=14")
    page.wait("document.querySelector('#card dl') !== null")
    assert page.evaluate("document.getElementById('card-closures').hidden")


def test_an_order_ends_by_itself_without_a_connection(open_page: Open, service: Any) -> None:
    service.control(closures={"15": "closed"})
    page = open_page("?lang=ja#map=15/36.56/136.62&road=15")
    page.wait("document.querySelector('#card-closures .closure') !== null")
    service.control(is_broken=True)
    page.evaluate("window.shiftMs = 7 * 3600 * 1000")
    page.wait("document.getElementById('card-closures').hidden", timeout_s=90)


def test_the_legend_has_both_signs(open_page: Open) -> None:
    page = open_page("?lang=ja")
    text = page.evaluate("document.getElementById('legend-body').innerText")
    assert "通行止め" in text
    assert "通行の規制" in text
    assert page.evaluate("document.querySelectorAll('#legend-body .closure-icon').length") == 2
