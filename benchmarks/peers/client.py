"""Our side of a peer: starts its process, asks, and turns its answers into directed edges of our network."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from geo.fix import Fixes

type Ints = NDArray[np.int64]
ROOT = Path(__file__).resolve().parents[2]


class PeerFailed(Exception):
    """A peer did not answer, or answered that it could not."""


class Client:
    """A running worker. Use it as a context manager, so that its process ends."""

    def __init__(self, python: Path, module: str) -> None:
        self.module = module
        self.process = subprocess.Popen(
            [str(python), "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def ask(self, do: str, **question: Any) -> dict[str, Any]:
        """The worker's answer. Raises PeerFailed where it is an error or none."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):  # a process that has ended gives no line
            self.process.stdin.write(json.dumps({"do": do, **question}) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise PeerFailed(f"{self.module} ended with {self.process.wait(timeout=30)} at {do!r}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(f"{self.module}, {do}: {answer['error']}")
        return answer


def as_question(fixes: Fixes) -> dict[str, list[float]]:
    """What the workers call fixes."""
    return {"lon": fixes.lon.tolist(), "lat": fixes.lat.tolist(), "at_s": (fixes.at_us / 1e6).tolist()}


def edges_of(piece: dict[int, int], directed_road: Ints) -> Ints:
    """Directed edges of our network of directed roads; roads that the network leaves out are left out."""
    road, is_reversed = np.divmod(directed_road, 2)
    at = np.array([piece.get(r, -1) for r in road.tolist()], np.int64)
    return (2 * at + is_reversed)[at >= 0]
