"""The service worker as the real server fills it: a browser that takes its word finds every file as it is listed."""

from __future__ import annotations

import json
import re

import httpx


def test_the_worker_lists_every_file_with_the_tag_that_it_is_served_with(client: httpx.Client) -> None:
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; connect-src 'self'")
    found = re.search(r"^const SHELL = (\{.*\});$", answer.text, re.MULTILINE)
    assert found is not None
    shell = json.loads(found.group(1))
    assert shell["version"] == client.get("/shell.json").json()["version"]
    assert shell["version"] == client.get("/").headers["x-yukimichi-shell"], "a page says of which files it is made"
    paths = [path for path, _ in shell["files"]]
    for path in ("", "js/main.js", "js/time/worker.js", "js/time/decode.js", "css/time.css", "manifest.webmanifest"):
        assert path in paths
    assert not [path for path in paths if path.startswith(("manage/", "sw.js"))]
    for path, tag in shell["files"]:
        served = client.get(f"/{path or 'index.html'}")
        assert served.status_code == 200, path
        assert served.headers["etag"].removeprefix("W/") == tag, path
    again = client.get("/sw.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/sw.js?x=1").status_code == 400
