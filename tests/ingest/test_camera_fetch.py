"""Pictures of cameras: what is fetched, what is refused, and that nothing but pixels goes on."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from geo.settings_places import CameraSettings
from geo.vocabulary import CameraProblem
from ingest.camera_fetch import Fetched, fetch, judged_address
from ingest.camera_image import NoPicture, re_encode

NOW = datetime(2026, 1, 20, 6, tzinfo=UTC)
SEEN = "Tue, 20 Jan 2026 05:58:00 GMT"
OPEN = CameraSettings(allow_private=True, max_kb=64, max_megapixels=1, max_side_px=320, timeout_s=5)


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 360), **more: Any) -> bytes:
    """The bytes of a picture that is red above and blue below."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


class Camera(BaseHTTPRequestHandler):
    """A camera that answers by the path that it is asked for."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []
    good = picture()

    def do_GET(self) -> None:
        """Answer as the path says."""
        self.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        if self.headers.get("If-None-Match") == '"one"':
            self._say(304, b"", {"ETag": '"one"'})
        elif self.path == "/good":
            self._say(200, self.good, {"Content-Type": "image/jpeg", "Last-Modified": SEEN, "ETag": '"one"'})
        elif self.path == "/ahead":
            self._say(200, self.good, {"Content-Type": "image/jpeg", "Last-Modified": "Wed, 21 Jan 2026 00:00:00 GMT"})
        elif self.path == "/moved":
            self._say(302, b"", {"Location": "/good"})
        elif self.path == "/page":
            self._say(200, b"<html>", {"Content-Type": "text/html"})
        elif self.path == "/lie":
            self._say(200, b"<svg xmlns='x'/>", {"Content-Type": "image/png"})
        elif self.path == "/large":
            self._say(200, b"\xff\xd8" + bytes(100_000), {"Content-Type": "image/jpeg"})
        elif self.path == "/broken":
            self._say(200, self.good[:700], {"Content-Type": "image/jpeg"})
        else:
            self._say(404, b"", {})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    """The address of a camera on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(link: str, settings: CameraSettings = OPEN, **more: Any) -> Fetched:
    return fetch(link, settings, None, NOW, **more)


def test_a_picture_is_made_small_and_has_its_own_time(camera: str) -> None:
    found = ask(f"{camera}/good")
    assert found.problem is CameraProblem.NONE
    assert found.picture is not None
    assert (found.picture.width, found.picture.height) == (320, 180)
    assert found.image_at == datetime(2026, 1, 20, 5, 58, tzinfo=UTC)
    assert (found.source_etag, found.source_modified) == ('"one"', SEEN)
    assert Camera.asked[-1][1]["host"] == camera.removeprefix("http://")


def test_what_is_still_the_newest_is_not_sent_again(camera: str) -> None:
    found = ask(f"{camera}/good", etag='"one"', modified=SEEN)
    assert (found.problem, found.picture) == (CameraProblem.NONE, None)
    assert Camera.asked[-1][1]["if-modified-since"] == SEEN


def test_a_time_ahead_of_the_clock_is_no_time(camera: str) -> None:
    found = ask(f"{camera}/ahead")
    assert (found.problem, found.image_at) == (CameraProblem.NONE, None)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/moved", CameraProblem.MOVED),
        ("/page", CameraProblem.NO_IMAGE),
        ("/lie", CameraProblem.NO_IMAGE),
        ("/large", CameraProblem.TOO_LARGE),
        ("/broken", CameraProblem.UNREADABLE),
        ("/nothing", CameraProblem.REFUSED),
    ],
)
def test_what_is_no_picture_is_a_problem_with_a_name(camera: str, path: str, problem: CameraProblem) -> None:
    found = ask(camera + path)
    assert (found.problem, found.picture) == (problem, None)


def test_addresses_of_this_machine_are_asked_only_where_the_settings_allow_it(camera: str) -> None:
    n_asked = len(Camera.asked)
    for link in (
        f"{camera}/good",
        camera.replace("127.0.0.1", "[::1]") + "/good",
        camera.replace("127.0.0.1", "localhost"),
    ):
        assert ask(link, CameraSettings()).problem is CameraProblem.NOT_ALLOWED
    assert len(Camera.asked) == n_asked


@pytest.mark.parametrize(
    ("addresses", "answer"),
    [
        (["203.0.113.9"], None),  # for documentation, RFC 5737
        (["8.8.8.8"], "8.8.8.8"),
        (["8.8.8.8", "10.0.0.1"], None),
        (["169.254.169.254"], None),
        (["::ffff:127.0.0.1"], None),
        (["100.64.0.1"], None),
    ],
)
def test_every_address_of_a_name_is_judged(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], answer: str | None
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: found)
    assert judged_address("camera.example", 443, allow_private=False) == answer
    assert judged_address("camera.example", 443, allow_private=True) is not None


def test_the_connection_goes_to_the_address_that_was_judged(camera: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: a second look-up that points elsewhere is never made."""
    real, names = socket.getaddrinfo, []

    def look_up(host: str, *args: Any, **more: Any) -> Any:
        names.append(host)
        return real("127.0.0.1" if host == "camera.example" else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    port = camera.rpartition(":")[2]
    found = ask(f"http://camera.example:{port}/good")
    assert found.problem is CameraProblem.NONE
    assert names.count("camera.example") == 1
    assert Camera.asked[-1][1]["host"] == f"camera.example:{port}"


def test_a_server_that_does_not_answer_is_a_problem() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert ask(f"http://127.0.0.1:{held.getsockname()[1]}/x").problem is CameraProblem.UNREACHABLE


def test_files_are_taken_from_below_their_folder_alone(tmp_path: Path) -> None:
    below, outside = tmp_path / "cameras", tmp_path / "secret.jpg"
    below.mkdir()
    outside.write_bytes(picture())
    inside = below / "a.jpg"
    inside.write_bytes(picture())
    os.utime(inside, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    (below / "out.jpg").symlink_to(outside)
    found = fetch(inside.as_uri(), OPEN, below, NOW)
    assert (found.problem, found.image_at) == (CameraProblem.NONE, datetime(2026, 1, 20, 5, 59, tzinfo=UTC))
    again = fetch(inside.as_uri(), OPEN, below, NOW, modified=found.source_modified)
    assert (again.problem, again.picture) == (CameraProblem.NONE, None)
    for path in (outside, below / "out.jpg", below / ".." / "secret.jpg"):
        assert fetch(f"file://{path}", OPEN, below, NOW).problem is CameraProblem.NOT_ALLOWED
    assert fetch(inside.as_uri(), OPEN, None, NOW).problem is CameraProblem.NOT_ALLOWED
    assert fetch((below / "none.jpg").as_uri(), OPEN, below, NOW).problem is CameraProblem.REFUSED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_left_out_and_pictures_stand_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010F] = "Maker of the camera"
    exif.get_ifd(0x8825)[1] = "N"
    more: dict[str, Any] = {"comment": b"a secret"} if kind == "JPEG" else {}
    made = re_encode(picture(kind, exif=exif, **more), 320, 1)
    with Image.open(io.BytesIO(made.jpeg)) as image:
        assert (image.format, dict(image.getexif()), image.info.get("comment")) == ("JPEG", {}, None)
        red, _, blue = image.convert("RGB").getpixel((160, 20))
    assert blue > 200 > 60 > red
    assert b"secret" not in made.jpeg
    assert b"Maker" not in made.jpeg


def test_a_picture_of_too_many_pixels_is_never_decoded() -> None:
    with pytest.raises(NoPicture) as error:
        re_encode(picture("PNG", (1100, 1000)), 320, 1)
    assert error.value.problem is CameraProblem.TOO_LARGE
