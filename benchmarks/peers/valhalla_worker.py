"""Valhalla's matcher (Meili) through its own Python package.

Run by the Python of the peers: python -m benchmarks.peers.valhalla_worker
"""

from __future__ import annotations

import json
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import valhalla
from valhalla.config import get_config

from benchmarks.peers.worker import Answer, memory, run, serve, timed

#: Files of other data that we have none of.
ABSENT = ("admin", "landmarks", "timezone", "transit_dir", "traffic_extract", "transit_feeds_dir")
#: A found route may be any length: noisy fixes make Valhalla drive to and fro.
LIMITS = {"max_distance": 1e8, "max_shape": 100_000}
#: Codes of "no path could be found" and "map match algorithm failed to find path": an answer, though a poor one.
NO_MATCH = (442, 444)
#: No more than what the way back to directed roads needs, so that the JSON costs little.
ATTRIBUTES = ("edge.way_id", "edge.begin_osm_node_id", "edge.forward")


class Matcher:
    """One network at a time."""

    def __init__(self) -> None:
        self.actor: valhalla.Actor | None = None

    def prepare(self, roads: str, folder: str) -> Answer:
        """Builds tiles from the OSM file, on one thread."""
        tiles = Path(folder) / "tiles"
        tiles.mkdir(parents=True)
        config = get_config(tile_extract="", tile_dir=tiles)
        config["mjolnir"] |= dict.fromkeys(ABSENT, "") | {"concurrency": 1, "keep_osm_node_ids": True}
        # the default of 1.3 billion is for the planet
        config["mjolnir"]["id_table_size"] = 10_000_000
        (Path(folder) / "valhalla.json").write_text(json.dumps(config), encoding="utf-8")
        program = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
        return run([[str(program), "-c", str(Path(folder) / "valhalla.json"), "-j", "1", roads]], tiles)

    def open(self, folder: str, model: dict[str, float]) -> Answer:
        """Opens the tiles. The model is laid over the defaults of the configuration for all modes of travel."""
        config = json.loads((Path(folder) / "valhalla.json").read_text(encoding="utf-8"))
        config["meili"]["default"] |= model
        config["service_limits"]["trace"] |= LIMITS
        self.actor = valhalla.Actor(config)
        return {"version": version("pyvalhalla")}

    def match(self, lon: list[float], lat: list[float], at_s: list[float], settings: dict[str, Any]) -> Answer:
        """Way, node where it is entered, and whether along digitising, of each edge found, in order."""
        assert self.actor is not None
        try:
            answer = json.loads(self.actor.trace_attributes(_question(lon, lat, at_s, settings)))
        except valhalla.ValhallaError as error:
            if error.code not in NO_MATCH:
                raise
            return {"edges": [], "failed": f"{error.code}: {error}"}
        return {"edges": [[edge["way_id"], edge["node_id"], edge["forward"]] for edge in answer["edges"]]}

    def cpu(self, least_s: float, **fixes: Any) -> Answer:
        """CPU of matching the fixes n times. The question is written before, the answer is not parsed."""
        assert self.actor is not None
        return timed(partial(self.actor.trace_attributes, _question(**fixes)), least_s)


def _question(lon: list[float], lat: list[float], at_s: list[float], settings: dict[str, Any]) -> str:
    shape = [{"lon": x, "lat": y, "time": t} for x, y, t in zip(lon, lat, at_s, strict=True)]
    return json.dumps(
        {
            "shape": shape,
            "costing": "auto",
            "shape_match": "map_snap",
            "trace_options": settings,
            "filters": {"attributes": list(ATTRIBUTES), "action": "include"},
        }
    )


if __name__ == "__main__":
    matcher = Matcher()
    serve(
        {
            "prepare": matcher.prepare,
            "open": matcher.open,
            "match": matcher.match,
            "cpu": matcher.cpu,
            "memory": memory,
        }
    )
