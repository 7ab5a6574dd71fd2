"""OSRM's matcher through its own Python package.

Run by the Python of the peers: python -m benchmarks.peers.osrm_worker
"""

from __future__ import annotations

import shutil
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import osrm

from benchmarks.peers.worker import Answer, memory, run, serve, timed

NO_MATCH = "NoMatch"


class Matcher:
    """One network at a time."""

    def __init__(self) -> None:
        self.engine: osrm.OSRM | None = None

    def prepare(self, roads: str, folder: str) -> Answer:
        """Prepares the OSM file for multi-level Dijkstra with the car profile of the package, on one thread.

        Contraction hierarchies take a hundred times as long to prepare.
        """
        package, work = Path(osrm.__file__).parent, Path(folder)
        work.mkdir(parents=True)
        shutil.copy(roads, work / "roads.osm.pbf")
        extract = ["osrm-extract", "-t", "1", "-p", str(package / "share" / "profiles" / "car.lua"), "roads.osm.pbf"]
        steps = [extract, *([f"osrm-{step}", "-t", "1", "roads.osrm"] for step in ("partition", "customize"))]
        return run([[str(package / "bin" / step[0]), *step[1:]] for step in steps], work)

    def open(self, folder: str) -> Answer:
        self.engine = osrm.OSRM(
            storage_config=str(Path(folder) / "roads.osrm"),
            use_shared_memory=False,
            algorithm="MLD",
            max_locations_map_matching=-1,
            max_radius_map_matching=-1,
        )
        return {"version": version("osrm-bindings")}

    def match(self, **fixes: Any) -> Answer:
        """Nodes of each leg of each matching, in order."""
        assert self.engine is not None
        try:
            answer = self.engine.Match(_question(**fixes))
        except RuntimeError as error:
            if NO_MATCH in str(error):
                return {"legs": [], "failed": str(error)}
            raise
        return {
            "legs": [
                [int(node) for node in leg["annotation"]["nodes"]]
                for matching in answer["matchings"]
                for leg in matching["legs"]
            ]
        }

    def cpu(self, least_s: float, **fixes: Any) -> Answer:
        """CPU of matching the fixes n times; the question is made before."""
        assert self.engine is not None
        return timed(partial(self.engine.Match, _question(**fixes)), least_s)


def _question(lon: list[float], lat: list[float], at_s: list[float], settings: dict[str, Any]) -> osrm.MatchParameters:
    return osrm.MatchParameters(
        coordinates=list(zip(lon, lat, strict=True)),
        timestamps=[round(t) for t in at_s],
        radiuses=[settings["radius_m"]] * len(lon),
        gaps=settings["gaps"],
        tidy=settings["tidy"],
        annotations=["nodes"],
        overview="false",
        generate_hints=False,
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
