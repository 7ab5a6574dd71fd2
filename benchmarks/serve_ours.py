"""Our server for the benchmark: `python -m benchmarks.serve_ours CONFIG (kept | asked)`.

kept: as it is. asked: its caches hold nothing, so that every tile is asked of the database. That is no setting of the
service: a service without its cache is of no use to anybody but this benchmark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from geo.settings import load_settings
from tiles.service import Service
from yukimichi import server
from yukimichi.context import opened


class _Nobody(dict[Any, Any]):
    """Who is at work on a tile: nobody, so that two who ask for the same at once are asked for twice."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Nothing."""
        return None


class Forgetful(Service):
    """A service whose cache of tiles has no room."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.tiles.most = 0
        self.tiles._making = _Nobody()


def main() -> None:
    """Serve until a signal."""
    config, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "asked":
        server.Service = Forgetful  # type: ignore[misc]
    with opened(config) as context:
        server.serve(load_settings(config, {}), context.database, on_ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
