"""The page as the server fills it: what its first view weighs, who may frame it, what it says without a database."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from geo.settings_web import WebSettings
from tests.tiles.conftest import AS_OF, Served
from tiles.web_files import WebFiles

WEB = Path(__file__).resolve().parents[2] / "web"
#: What the demo's whole prefecture adds to the words and the drawing of this town, compressed: measured on the demo of
#: 70,000 edges, 13.3 kB of drawing and summary, doubled.
DEMO_BYTES = 27_000
FIRST_VIEW_BYTES = 90_000
HEADERS_BYTES = 500


def start_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="start">(.*?)</script>', html, re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found.group(1))
    return content


def test_it_brings_words_drawing_modules_and_what_scripts_start_from(first: Served) -> None:
    html = first.client.get("/?lang=ja").text
    assert re.search(r'id="area-words">全域：除雪完了 \d+ %、', html)
    assert html.count('xmlns="http://www.w3.org/2000/svg"') == 1
    start = start_of(html)
    assert start["config"] == first.client.get("/config.json").json()
    assert start["summary"] == first.client.get("/status/summary").json()
    assert start["served_at"] == "2026-01-14T22:00:00Z"
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    assert preloaded[0] == "js/main.js"
    assert {"js/first/area.js", "js/i18n.js", "js/ui/search.js"} <= set(preloaded)
    for path in (*preloaded, *start["modules"]):
        assert (WEB / path).is_file(), path
    assert not set(preloaded) & set(start["modules"])
    assert "js/map/page.js" in start["modules"]
    english = first.client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert 'id="area-words">Whole area: cleared ' in english.text
    assert english.text.startswith('<!doctype html>\n<html lang="en">')
    assert english.headers["Vary"] == "Accept-Encoding, Accept-Language"


def test_the_first_view_is_light_through_the_real_server(first: Served) -> None:
    """The page, its style sheets, its icon and every module of the first view, packed as a browser gets them."""
    page = first.client.get("/", headers={"Accept-Encoding": "br"})
    styles = re.findall(r'<link rel="(?:stylesheet|icon|manifest)" href="([^"]+)"', page.text)
    modules = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page.text)
    assert len(styles) > 3
    assert len(modules) > 10
    took = int(page.headers["Content-Length"]) + HEADERS_BYTES + DEMO_BYTES
    for path in {*styles, *modules}:
        with first.client.stream("GET", f"/{path}", headers={"Accept-Encoding": "br"}) as answer:
            assert answer.status_code == 200, path
            took += len(b"".join(answer.iter_raw())) + HEADERS_BYTES
    assert took <= FIRST_VIEW_BYTES


def test_no_module_of_the_first_view_leads_to_the_map() -> None:
    light = WebFiles(WEB).light_modules()
    assert not [path for path in light if path in ("js/map/map.js", "js/map/page.js", "js/map/style.js")]


def test_every_import_of_the_page_leads_to_a_file() -> None:
    files = WebFiles(WEB)
    paths = files.modules(
        ["js/main.js", "js/map/page.js", *files.listed("LIGHT"), *files.listed("WITH_MAP")], late=True
    )
    assert len(paths) > 40
    for path in paths:
        for address in re.findall(r'(?:from|import)\s*\(?"(\.{1,2}/[^"]+)"', files.text(path)):
            assert (WEB / path).parent.joinpath(address).resolve().is_file(), f"{path}: {address}"
    for path in (*files.listed("LIGHT"), *files.listed("WITH_MAP"), *files.listed("MAP_STYLES")):
        assert files.has(path), path


def test_the_page_is_asked_for_again_only_when_it_has_changed(first: Served) -> None:
    answer = first.client.get("/")
    assert answer.headers["Cache-Control"] == "no-cache"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert first.client.get("/", headers=tag).status_code == 304
    first.clock.at = AS_OF + timedelta(minutes=31)  # a clearing has run out
    changed = first.client.get("/", headers=tag)
    assert changed.status_code == 200
    assert start_of(changed.text)["summary"]["areas"][0]["reasons"]["expired"] > 0


def test_frames_are_for_the_embedded_form_alone_and_for_whom_the_settings_name(first: Served) -> None:
    def ancestors(path: str) -> str:
        policy = first.client.get(path).headers["Content-Security-Policy"]
        found = re.search(r"frame-ancestors ([^;]*)", policy)
        assert found
        return found.group(1)

    assert ancestors("/?embed=1&lang=en") == "https:"
    for path in ("/", "/?embed=0", "/index.html", "/text/ja/", "/manage/", "/docs"):
        assert ancestors(path) == "'none'", path
    assert "unsafe" not in first.client.get("/?embed=1").headers["Content-Security-Policy"]


@pytest.mark.parametrize("source", ["*", "https: script-src *", "city.example", "https://a.example;", "data:"])
def test_a_source_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(ValidationError, match="no source such as"):
        WebSettings(embed_from=[source])


def test_sources_of_frames_are_taken() -> None:
    taken = ["https:", "https://www.city.example", "https://*.pref.example:8443", "http://127.0.0.1:*", "'self'"]
    assert WebSettings(embed_from=taken).embed_from == taken


def test_without_a_publication_the_bare_page_goes_out(first: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise psycopg.OperationalError("it is away")

    monkeypatch.setattr("tiles.first_page.present_drawing", away)
    answer = first.client.get("/?embed=1")
    assert answer.status_code == 200
    assert "<!--overview-->" in answer.text
    assert "frame-ancestors https:" in answer.headers["Content-Security-Policy"]


def test_files_are_packed_with_tags_of_their_content(first: Served) -> None:
    plain = (WEB / "js/i18n.js").read_bytes()
    sizes = {}
    for encoding in ("br", "gzip", "identity"):
        with first.client.stream("GET", "/js/i18n.js", headers={"Accept-Encoding": encoding}) as answer:
            body = b"".join(answer.iter_raw())
            assert answer.headers.get("Content-Encoding", "identity") == encoding
            assert answer.headers["Vary"] == "Accept-Encoding"
            sizes[encoding] = len(body)
            tag = answer.headers["ETag"]
    assert sizes["br"] < sizes["gzip"] < sizes["identity"] == len(plain)
    assert first.client.get("/js/i18n.js").content == plain
    known = first.client.get("/js/i18n.js", headers={"If-None-Match": tag})
    assert (known.status_code, known.headers["Cache-Control"]) == (304, "no-cache")
    shell = {one["path"]: one["etag"] for one in first.client.get("/shell.json").json()["files"]}
    assert shell["js/i18n.js"] == tag
    assert {"", "css/base.css", "js/map/page.js", "vendor/maplibre/maplibre-gl.js", "icon.svg"} <= set(shell)
    assert first.client.get("/js/../../config.yml").status_code == 404
    assert first.client.get("/js/none.js").status_code == 404
    part = first.client.get("/js/i18n.js", headers={"Range": "bytes=0-9"})
    assert part.content in (plain[:10], plain)


def test_a_file_that_changes_has_another_tag_and_another_version(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    for name, text in {
        "index.html": "<p>",
        "js/main.js": 'import "./a.js";',
        "js/a.js": "1;",
        "js/parts.js": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = WebFiles(tmp_path)
    before, version = files.read("js/a.js").etag, files.shell_document()["version"]
    assert files.light_modules() == ["js/main.js", "js/a.js"]
    (tmp_path / "js" / "a.js").write_text("22;", encoding="utf-8")
    assert files.read("js/a.js").etag != before
    assert files.shell_document()["version"] != version
