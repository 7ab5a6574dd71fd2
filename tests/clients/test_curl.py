"""curl, as caches and scripts meet the service: HEAD, tags, compression, and who may read from where."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest

from tests.clients.town import MANAGER_KEY, Town

ADDRESSES = (
    "/ogc/", "/ogc/conformance", "/ogc/collections", "/ogc/collections/roads", "/ogc/openapi",
    "/ogc/collections/roads/items?f=json&limit=500", "/status/snapshot",
    "/ogc/collections/roads/tiles/WebMercatorQuad/12/1600/3602",
)  # fmt: skip
type Curl = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def curl(installed: Callable[[str, str], str], town: Town, tmp_path_factory: pytest.TempPathFactory) -> Curl:
    """curl(path, *arguments): status, headers by lower-case name, body as it came over the wire."""
    program = installed("curl", "curl")
    folder: Path = tmp_path_factory.mktemp("curl")

    def run(path: str, *arguments: str) -> tuple[int, dict[str, str], bytes]:
        body, head = folder / "body", folder / "head"
        body.write_bytes(b"")
        command = [program, "-sS", "-g", "-o", str(body), "-D", str(head), *arguments, town.address + path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        first, *lines = head.read_bytes().decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(first.split()[1]), headers, body.read_bytes()

    return run


@pytest.mark.parametrize("path", ADDRESSES)
def test_head_says_what_get_says(curl: Curl, path: str) -> None:
    status, headers, body = curl(path)
    assert status == 200
    assert len(body) > 100
    status, short, nothing = curl(path, "--head")
    assert status == 200
    assert nothing == b"" or nothing.startswith(b"HTTP/")
    for name in ("content-type", "etag", "cache-control", "vary"):
        assert short.get(name) == headers.get(name), name


@pytest.mark.parametrize(
    "path", [path for path in ADDRESSES if "items" in path or "snapshot" in path or "tiles" in path]
)
def test_a_tag_that_is_known_is_answered_304_without_a_body(curl: Curl, path: str) -> None:
    _, headers, _ = curl(path)
    status, again, body = curl(path, "-H", f"If-None-Match: {headers['etag']}")
    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]
    status, _, body = curl(path, "-H", 'If-None-Match: "another"')
    assert status == 200
    assert body


@pytest.mark.parametrize("path", ADDRESSES)
def test_gzip_carries_the_same(curl: Curl, path: str) -> None:
    _, _, plain = curl(path)
    status, headers, packed = curl(path, "-H", "Accept-Encoding: gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "accept-encoding" in headers["vary"].lower()
    assert same(gzip.decompress(packed), plain, path)
    assert len(packed) < len(plain)


@pytest.mark.parametrize("path", [path for path in ADDRESSES if "tiles" not in path])
def test_brotli_carries_the_same(curl: Curl, path: str) -> None:
    _, _, plain = curl(path)
    status, headers, packed = curl(path, "-H", "Accept-Encoding: br")
    assert status == 200
    assert headers["content-encoding"] == "br"
    assert same(brotli.decompress(packed), plain, path)
    # what curl unpacks by itself is the same
    assert same(curl(path, "--compressed")[2], plain, path)


def same(one: bytes, other: bytes, path: str) -> bool:
    """Whether two answers say the same; a list of features tells the moment at which it was made."""
    if "items" not in path:
        return one == other
    left, right = json.loads(one), json.loads(other)
    return bool(left["features"] == right["features"] and left["numberMatched"] == right["numberMatched"])


def test_features_are_geojson_and_other_origins_may_read_them(curl: Curl) -> None:
    _, headers, _ = curl("/ogc/collections/roads/items?limit=1", "-H", "Origin: https://map.example.jp")
    assert headers["content-type"].split(";")[0] == "application/geo+json"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"


def test_a_bad_request_names_its_parameter(curl: Curl) -> None:
    for path, name in (("?limit=many", "limit"), ("?bbox=1,2,3", "bbox"), ("?colour=red", "colour")):
        status, headers, body = curl(f"/ogc/collections/roads/items{path}")
        assert status == 400
        assert headers["content-type"].split(";")[0] == "application/problem+json"
        assert name in json.loads(body)["detail"]


def test_a_method_that_is_not_there_is_405(curl: Curl) -> None:
    status, headers, _ = curl("/ogc/collections/roads/items", "-X", "DELETE")
    assert status == 405
    assert "GET" in headers["allow"]


def test_a_key_is_understood_as_a_password_too(curl: Curl) -> None:
    """QGIS 3.22, and every program with a field for a password."""
    path = "/ogc/collections/withheld_status/items?f=json&limit=100"
    status, _, body = curl(path, "-u", f"anybody:{MANAGER_KEY}")
    assert status == 200
    assert body.count(b'"withheld"') == 0
    assert len(json.loads(body)["features"]) == 10
    assert curl(path, "-H", f"Authorization: Bearer {MANAGER_KEY}")[2].count(b"edge_id") == body.count(b"edge_id")
    for wrong in ("anybody:another key", f"{MANAGER_KEY}:"):
        assert curl(path, "-u", wrong)[0] == 401, wrong
    for broken in ("Basic ***", "Basic /w==", "Digest abc"):
        status, headers, _ = curl(path, "-H", f"Authorization: {broken}")
        assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="yukimichi"'), broken
