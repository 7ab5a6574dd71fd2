"""`/sw.js`: the service worker with the list of files that its version of the page is made of.

The list stands in the script itself, so that a browser that looks for another script finds another page with it: one
version is installed whole, or not at all. web/sw.js is the script; the line that declares SHELL is filled here.
"""

from __future__ import annotations

import asyncio
import json
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tiles.caching import etag_of
from tiles.parameters import refuse_unknown
from tiles.service import service_of
from tiles.web_files import File, WebFiles, respond_file

router = APIRouter(tags=["service"])

SCRIPT = "sw.js"
#: A browser keeps at most so many tiles and bytes of them: a town at all zooms, and little beside what phones have.
KEPT_TILES, KEPT_BYTES = 1500, 30 * 2**20
#: The header by which a page says of which files it is made.
SHELL_HEADER = "X-Yukimichi-Shell"
#: The worker asks its own host and runs nothing else.
CSP = "default-src 'none'; connect-src 'self'; script-src 'self'"
_SHELL = re.compile(r"^const SHELL = .*;$", re.MULTILINE)


def script_of(files: WebFiles, *, kept_tiles: int = KEPT_TILES, kept_bytes: int = KEPT_BYTES) -> str:
    """The script for the files as they are now."""
    document = files.shell_document()
    listed = document["files"]
    assert isinstance(listed, list)
    shell = {
        "version": document["version"], "files": [[one["path"], one["etag"]] for one in listed],
        "tiles": kept_tiles, "bytes": kept_bytes,
    }  # fmt: skip
    line = f"const SHELL = {json.dumps(shell, separators=(',', ':'))};"
    return _SHELL.sub(lambda _: line, files.text(SCRIPT), count=1)


@router.get("/sw.js", include_in_schema=False)
async def service_worker(request: Request) -> Response:
    """The service worker of the residents' page."""
    refuse_unknown(request.query_params, ())
    text = await asyncio.to_thread(script_of, service_of(request).web_files)
    file = File(text.encode(), "text/javascript", etag_of(text))
    return await respond_file(request, file, {"Content-Security-Policy": CSP, "Cache-Control": "no-cache"})
