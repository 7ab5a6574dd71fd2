"""The files of the page: packed once and kept, with entity tags of their content, and what leads to what among them.

A file is packed when it is first asked for, harder than an answer could be that changes, and again when it has
changed on disk. Its address stays, so a browser asks whether it still holds (`no-cache`) and is told 304; shell.json
lists all files that the page needs with their tags, and a version that stands for all of them, for whoever keeps
them.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tiles.caching import etag_of, is_known, not_modified
from tiles.compression import LEAST_BYTES, is_text
from tiles.forms import takes

#: Brotli's effort for files: 11 packs the page's own by a tenth more; the map library, a megabyte, would take seconds.
EFFORT, EFFORT_LARGE, LARGE_BYTES = 11, 9, 200_000
FIRST, MAP, PARTS, LIBRARY = "js/main.js", "js/map/page.js", "js/parts.js", "vendor/maplibre/maplibre-gl.js"
INDEX = "index.html"
#: Files of the page besides modules and style sheets, where they are there.
MORE = ("icon.svg", "manifest.webmanifest")
_IMPORT = re.compile(r'(?:\bfrom|\bimport)\s*"(\.{1,2}/[^"]+)"')
#: Modules that come later, and those that a worker runs: import("./x.js"), new URL("./x.js", import.meta.url).
_LATE_IMPORT = re.compile(r'\b(?:import|new URL)\(\s*"(\.{1,2}/[^"]+\.js)"')
_LIST = r"export const {name} = \[(.*?)\];"
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(slots=True)
class File:
    """A file as it is told: bodies by encoding (br, gzip, identity), each made when it is first asked for."""

    plain: bytes
    media_type: str
    etag: str
    bodies: dict[str, bytes] = field(default_factory=dict)

    def body(self, encoding: str) -> tuple[bytes, str]:
        """(bytes, the encoding that they are in): identity where packing is not worth it."""
        if encoding == "identity" or len(self.plain) < LEAST_BYTES or not is_text(self.media_type):
            return self.plain, "identity"
        if encoding not in self.bodies:
            self.bodies[encoding] = self._pack(encoding)
        return self.bodies[encoding], encoding

    def _pack(self, encoding: str) -> bytes:
        if encoding != "br":
            return gzip.compress(self.plain, 9, mtime=0)
        effort = EFFORT if len(self.plain) < LARGE_BYTES else EFFORT_LARGE
        return bytes(brotli.compress(self.plain, mode=brotli.MODE_TEXT, quality=effort))


class WebFiles:
    """The files of a folder. Paths are relative to it, with slashes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, tuple[tuple[int, int], File]] = {}

    def read(self, path: str) -> File:
        """A file, from memory where it is the same on disk. Raises FileNotFoundError."""
        on_disk = self.folder / path
        found = on_disk.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        held = self._held.get(path)
        if held is not None and held[0] == stamp:
            return held[1]
        plain = on_disk.read_bytes()
        media = mimetypes.guess_type(path)[0] or "text/plain"
        made = File(plain, media, etag_of(plain))
        self._held[path] = (stamp, made)
        return made

    def text(self, path: str) -> str:
        """A file as text."""
        return self.read(path).plain.decode("utf-8")

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.folder / path).is_file()

    def listed(self, name: str) -> list[str]:
        """A list of parts.js: modules as paths of this folder, and MAP_STYLES as they stand."""
        found = re.search(_LIST.format(name=name), self.text(PARTS), re.DOTALL)
        if found is None:
            return []
        addresses = re.findall(r'"([^"]+)"', re.sub(r"//.*", "", found.group(1)))
        return [_beside(PARTS, one) if one.startswith(".") else one for one in addresses]

    def modules(self, starts: list[str], *, late: bool = False) -> list[str]:
        """The modules that these lead to, themselves included, each once, nearest first; late: by import() as well."""
        found: dict[str, None] = {}
        ring = [start for start in starts if self.has(start)]
        while ring:
            found |= dict.fromkeys(ring)
            ring = [path for one in ring for path in self._imports(one, late=late) if path not in found]
            ring = [path for path in dict.fromkeys(ring) if self.has(path)]
        return list(found)

    def _imports(self, path: str, *, late: bool) -> list[str]:
        text = self.text(path)
        addresses = _IMPORT.findall(text) + (_LATE_IMPORT.findall(text) if late else [])
        return [_beside(path, address) for address in addresses]

    def light_modules(self) -> list[str]:
        """The modules of the first view."""
        return self.modules([FIRST, *self.listed("LIGHT")])

    def map_modules(self) -> list[str]:
        """The modules that come with the map and not before."""
        light = set(self.light_modules())
        return [path for path in self.modules([MAP, *self.listed("WITH_MAP")]) if path not in light]

    def shell(self) -> dict[str, str]:
        """All files that the page needs to open, with their entity tags by path; the page itself has the empty path."""
        starts = [FIRST, MAP, *self.listed("LIGHT"), *self.listed("WITH_MAP")]
        styles = [*_STYLE.findall(self.text(INDEX)), *self.listed("MAP_STYLES")]
        paths = [*self.modules(starts, late=True), *styles, LIBRARY, *MORE]
        tags = {path: self.read(path).etag for path in dict.fromkeys(paths) if self.has(path)}
        return {"": self.read(INDEX).etag} | tags

    def shell_document(self) -> dict[str, object]:
        """shell.json: `version` stands for the content of all files."""
        tags = self.shell()
        version = etag_of(*(part for pair in sorted(tags.items()) for part in pair)).strip('"')
        return {"version": version, "files": [{"path": path, "etag": tag} for path, tag in tags.items()]}


def _beside(path: str, address: str) -> str:
    """The path that a relative address in a file names."""
    parts = path.split("/")[:-1]
    for part in address.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


class PackedFiles(StaticFiles):
    """Serves a folder as StaticFiles does, texts packed and with tags of their content."""

    def __init__(self, files: WebFiles) -> None:
        super().__init__(directory=files.folder, html=True, check_dir=False)
        self.files = files

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; a text in the smallest encoding that the client takes."""
        response = await super().get_response(path, scope)
        held = getattr(response, "path", None)
        media = response.headers.get("content-type", "")
        if response.status_code != 200 or held is None or not is_text(media) or "range" in Headers(scope=scope):
            return response
        file = self.files.read(Path(held).relative_to(self.files.folder.resolve()).as_posix())
        return await respond_file(Request(scope), file)


async def respond_file(request: Request, file: File, more: dict[str, str] | None = None) -> Response:
    """A file for a client: 304 where it holds it, else its body packed as the client takes it."""
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"} | (more or {})
    if is_known(request, file.etag):
        return not_modified(headers)
    body, encoding = await asyncio.to_thread(file.body, takes(request))
    encoded = {} if encoding == "identity" else {"Content-Encoding": encoding}
    return Response(body, headers=headers | encoded, media_type=file.media_type)
