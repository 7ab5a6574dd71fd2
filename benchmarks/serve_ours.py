"""Our server for the benchmark: `python -m benchmarks.serve_ours CONFIG (kept | asked)`.

kept: as it is. asked: its caches hold nothing, so that every tile is asked of the database. That is no setting of the
service: a service without its cache is of no use to anybody but this benchmark.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path

from geo.settings import load_settings
from tiles.caching import ByteCache
from yukimichi import server
from yukimichi.context import opened


class NothingKept(ByteCache):
    """A cache that makes each value anew, also where two ask for the same at once."""

    async def get(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """A new value."""
        return await make()

    def put(self, key: Hashable, value: bytes) -> None:
        """Nothing."""


def main() -> None:
    """Serve until a signal."""
    config, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "asked":
        made = server.Service

        class Forgetful(made):  # type: ignore[valid-type,misc]
            def __init__(self, *given: object, **named: object) -> None:
                super().__init__(*given, **named)
                self.tiles = NothingKept(0)

        server.Service = Forgetful  # type: ignore[misc]
    with opened(config) as context:
        server.serve(load_settings(config, {}), context.database, on_ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
