"""Fetches pictures of cameras: only addresses of the register, no redirects, no private networks, never too much.

The name of a host is looked up here, its addresses are judged, and the connection goes to one of those that were
judged, so that a name that points elsewhere a moment later reaches nothing inside.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import psycopg

from geo.db import Row, read_sql
from geo.settings_places import CameraSettings
from geo.store.places import row_key, stable_id
from geo.vocabulary import CameraProblem
from ingest.camera_image import NoPicture, Picture, re_encode

MEDIA = ("image/jpeg", "image/png", "image/webp")
AGENT = "Yukimichi (road cameras)"
#: A picture whose own time lies so far ahead of the clock has none.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Link:
    """A camera of the register with the address of its picture; link_key stands for that where others look."""

    camera_id: str
    link: str
    interval_s: int

    @property
    def link_key(self) -> str:
        """A digest of the address."""
        return row_key(self.link)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a try gave: a picture; or problem none and no picture: the one before is still the newest."""

    problem: CameraProblem
    picture: Picture | None = None
    image_at: datetime | None = None
    source_etag: str | None = None
    source_modified: str | None = None


def read_links(connection: psycopg.Connection[Row]) -> list[Link]:
    """The cameras that stand, as yuki_ingest; of several with one id the last counts."""
    rows = connection.execute(read_sql("ingest", "read_camera_links")).fetchall()
    links = [Link(stable_id("camera", row[0], row[1]), row[2], int(row[3])) for row in rows]
    return list({link.camera_id: link for link in links}.values())


def fetch(
    link: str, settings: CameraSettings, files: Path | None, now: datetime, *, etag: str | None = None,
    modified: str | None = None,
) -> Fetched:  # fmt: skip
    """Ask for the picture of a camera once.

    files  below what folder links of the form file: may lie; None: nowhere
    etag, modified  what its server said of the picture that is kept
    Never raises for what the other side does: that is a problem of the outcome.
    """
    try:
        if urlsplit(link).scheme == "file":
            return _from_file(link, settings, files, now, modified)
        return _from_host(link, settings, now, etag, modified)
    except NoPicture as error:
        return Fetched(error.problem)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        return Fetched(CameraProblem.UNREACHABLE)


def _from_file(link: str, settings: CameraSettings, files: Path | None, now: datetime, modified: str | None) -> Fetched:
    if files is None:
        return Fetched(CameraProblem.NOT_ALLOWED)
    path = (files / unquote(urlsplit(link).path)).resolve()  # an absolute path stays what it is
    if not path.is_relative_to(files.resolve()):
        return Fetched(CameraProblem.NOT_ALLOWED)
    if not path.is_file():
        return Fetched(CameraProblem.REFUSED)
    about = path.stat()
    if about.st_size > settings.max_kb * 1024:
        return Fetched(CameraProblem.TOO_LARGE)
    said = str(about.st_mtime_ns)
    if said == modified:
        return Fetched(CameraProblem.NONE, source_modified=said)
    picture = re_encode(path.read_bytes(), settings.max_side_px, settings.max_megapixels)
    own = _own_time(datetime.fromtimestamp(about.st_mtime, UTC), now)
    return Fetched(CameraProblem.NONE, picture, own, source_modified=said)


def judged_address(host: str, port: int, *, allow_private: bool) -> str | None:
    """An address of a host that may be asked; None where any of its addresses is of a private or special network.

    Raises OSError where the name is not known.
    """
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = [ipaddress.ip_address(str(text).partition("%")[0]) for text in found]
    plain = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    if not plain or (not allow_private and not all(one.is_global and not one.is_multicast for one in plain)):
        return None
    return str(plain[0])


def _from_host(link: str, settings: CameraSettings, now: datetime, etag: str | None, modified: str | None) -> Fetched:
    url = httpx.URL(link)
    if url.scheme not in ("http", "https") or not url.host:
        return Fetched(CameraProblem.NOT_ALLOWED)
    address = judged_address(url.host, url.port or (443 if url.scheme == "https" else 80),
                             allow_private=settings.allow_private)  # fmt: skip
    if address is None:
        return Fetched(CameraProblem.NOT_ALLOWED)
    headers = {"Host": url.netloc.decode("ascii"), "Accept": ", ".join(MEDIA), "User-Agent": AGENT}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    ends_s = time.monotonic() + settings.timeout_s
    with (
        httpx.Client(timeout=settings.timeout_s, trust_env=False, follow_redirects=False) as client,
        client.stream("GET", url.copy_with(host=address), headers=headers,
                      extensions={"sni_hostname": url.host}) as answer,
    ):  # fmt: skip
        return _answered(answer, settings, now, ends_s)


def _answered(answer: httpx.Response, settings: CameraSettings, now: datetime, ends_s: float) -> Fetched:
    said = {"source_etag": answer.headers.get("etag"), "source_modified": answer.headers.get("last-modified")}
    own = _own_time(_http_date(said["source_modified"]), now)
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return Fetched(CameraProblem.NONE, None, own, **said)
    if answer.is_redirect:
        return Fetched(CameraProblem.MOVED)
    if answer.status_code != httpx.codes.OK:
        return Fetched(CameraProblem.REFUSED)
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA:
        return Fetched(CameraProblem.NO_IMAGE)
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > settings.max_kb * 1024:
            return Fetched(CameraProblem.TOO_LARGE)
        if time.monotonic() > ends_s:
            return Fetched(CameraProblem.UNREACHABLE)
    picture = re_encode(bytes(data), settings.max_side_px, settings.max_megapixels)
    return Fetched(CameraProblem.NONE, picture, own, **said)


def _http_date(text: str | None) -> datetime | None:
    try:
        found = None if text is None else parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _own_time(told: datetime | None, now: datetime) -> datetime | None:
    return None if told is None or told > now + AHEAD else told
