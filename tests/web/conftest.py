"""Debian's Chromium, driven over a pipe with the DevTools protocol, and a stand-in for the server.

No driver package: the protocol is JSON with a zero byte behind each message (--remote-debugging-pipe).
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-extensions",
    "--disable-component-update",
    "--hide-scrollbars",
    "--mute-audio",
    "--lang=ja",
)
CLOCK = "(() => { const real = Date.now; window.shiftMs = 0; Date.now = () => real() + window.shiftMs; })()"


class Chromium:
    """One browser with one page. Every call waits for its answer; events are kept in `events`."""

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        # bash, since dash keeps file descriptors of its own above 9
        shell = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        command = [program, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "bash", *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._rest = b""
        self._last_id = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        """Makes the page and listens to it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=CLOCK)

    def call(self, method: str, *, timeout_s: float = 60, **params: object) -> dict[str, Any]:
        self._last_id += 1
        message: dict[str, object] = {"id": self._last_id, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout_s
        while True:
            answer = self._read(deadline)
            if answer.get("id") != self._last_id:
                self.events.append(answer)
                continue
            assert "error" not in answer, f"{method}: {answer['error']}"
            return answer["result"]

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            assert ready, "Chromium did not answer in time"
            chunk = os.read(self._in, 1 << 20)
            assert chunk, "Chromium has ended"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def evaluate(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str, timeout_s: float = 40) -> Any:
        """Waits until the expression is true, and returns it."""
        deadline = time.monotonic() + timeout_s
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < deadline, f"never true: {expression}"
            time.sleep(0.1)
        return value

    def open(self, url: str, *, width: int, height: int, is_phone: bool = False, is_dark: bool = False) -> None:
        # the page before must not speak any more when this one is watched
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank' && document.readyState === 'complete'")
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            mobile=is_phone,
            deviceScaleFactor=2 if is_phone else 1,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.call("Emulation.setEmulatedMedia", features=[scheme, calm])
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def tap(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name: str) -> None:
        codes = {"Enter": 13, "Tab": 9, "Escape": 27}
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=codes[name], **text
            )

    def screenshot(self) -> bytes:
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def requests(self) -> list[str]:
        """Every address that the page has asked for since it was opened."""
        self.evaluate("0")
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Errors and refusals that the page has met: exceptions, content security, failed loads."""
        self.evaluate("0")
        out = [
            event["params"]["exceptionDetails"]["text"]
            for event in self.events
            if event.get("method") == "Runtime.exceptionThrown"
        ]
        entries = [event["params"]["entry"] for event in self.events if event.get("method") == "Log.entryAdded"]
        return out + [entry["text"] for entry in entries if entry["level"] == "error"]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        os.close(self._in)
        os.close(self._out)


class FakeService:
    """The stand-in's address, and its levers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, **change: object) -> None:
        request = urllib.request.Request(f"{self.url}control", json.dumps(change).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory, installed: Callable[[str, str], str]) -> Iterator[Chromium]:
    """Debian's Chromium with a font for Japanese, installed where it is missing."""
    program = installed("chromium", "chromium fonts-noto-cjk")
    browser = Chromium(program, tmp_path_factory.mktemp("chromium"))
    try:
        browser.start()
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="session")
def mvt() -> ModuleType:
    """The tile writer of the stand-in."""
    spec = importlib.util.spec_from_file_location("mvt", Path(__file__).with_name("mvt.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def services() -> Iterator[subprocess.Popen[str]]:
    """What starts stand-ins, one for each line that it is told."""
    command = [sys.executable, str(Path(__file__).with_name("fake_service.py")), "--many"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        yield process
        process.terminate()


@pytest.fixture
def service(services: subprocess.Popen[str]) -> Iterator[FakeService]:
    """A stand-in of the test's own, at an address (and so an origin) of its own."""
    assert services.stdin is not None
    assert services.stdout is not None
    services.stdin.write("one more\n")
    services.stdin.flush()
    pid, url = services.stdout.readline().split()
    try:
        yield FakeService(url)
    finally:
        os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def open_page(chromium: Chromium, service: FakeService) -> Callable[..., Chromium]:
    """Opens the page on the stand-in and waits until the states are painted."""

    def opened(path: str = "?lang=ja", *, is_phone: bool = False, is_dark: bool = False) -> Chromium:
        width, height = (390, 844) if is_phone else (1280, 800)
        chromium.open(service.url + path, width=width, height=height, is_phone=is_phone, is_dark=is_dark)
        chromium.wait("document.body.classList.contains('is-ready') && document.body.dataset.statusVersion")
        return chromium

    return opened
