"""A street with ploughs over several days, matched: what the tests of archive, retention and backup work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.db import Database, Role
from geo.fix import Fixes
from geo.settings import Settings
from geo.timeline import to_us
from ingest.fix_batch import FixBatch
from ingest.load import Loaded, load_fixes
from ingest.registry import register_source
from ingest.roads import ingest_roads
from yukimichi.context import Context
from yukimichi.pipeline import World, current_network, refresh

LON, LAT = 136.65, 36.56
M_LON, M_LAT = 1 / 89_500, 1 / 110_950
#: The first day with fixes, a Saturday in a snowy week; tests take NOW as the present moment.
DAY = date(2026, 1, 10)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

ROWS = """
SELECT s.name, v.external_id, f.at, f.lon, f.lat, f.heading_deg, f.speed_mps, f.accuracy_m, f.blade, f.spreader, f.work,
       f.treatment, f.received_at, f.file_id, f.content_key, f.batch_id
FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id) JOIN raw.source AS s USING (source_id) ORDER BY 1, 2, 3
"""
FACTS = """
SELECT pass_id, trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
       confidence, n_fixes, first_fix_at, last_fix_at, is_provisional, recorded_at, superseded_at
FROM ops.pass ORDER BY pass_id
"""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment on the day so many days after DAY, in UTC."""
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=day, hours=hour, minutes=minute)


@dataclass
class Town:
    """One street of 3 km, in a database."""

    database: Database
    home: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings(home=self.home)
        line = shapely.LineString([(LON, LAT), (LON + 3000 * M_LON, LAT)])
        file = self.home.parent / "street.geojson"
        gpd.GeoDataFrame({"road_id": ["1"]}, geometry=[line], crs=4326).to_file(file)
        ingest_roads(self.database, [file], "streets", self.settings.source("streets"))

    @property
    def context(self) -> Context:
        return Context(self.settings, self.database)

    def drive(self, vehicle: str, start: datetime, n: int = 21, source: str = "gps", **columns: Any) -> Loaded:
        """n fixes along the street at 5 m/s, one in 15 seconds; columns of Fixes beside the default ones."""
        i = np.arange(n)
        given: dict[str, Any] = {"blade": np.ones(n), "heading_deg": np.where(i % 5 == 0, np.nan, 90.0)} | columns
        fixes = Fixes.from_arrays(
            np.zeros(n, np.int64), to_us(start) + i * 15_000_000, LON + 75 * i * M_LON, LAT + 2 * M_LAT * np.ones(n),
            **given,
        )  # fmt: skip
        with self.database.connect(Role.INGEST) as connection:
            source_id = register_source(connection, source, "fixes", self.settings.source(source))
            connection.commit()
            return load_fixes(connection, FixBatch((vehicle,), fixes), source_id)

    def refresh(self) -> None:
        """All stages up to date, seen from NOW."""
        refresh(self.database, self.settings, b"secret", NOW, World(), quiet=True)

    def network(self) -> Any:
        return current_network(self.database, self.settings)

    def rows(self, query: str, role: Role = Role.ENGINE) -> list[tuple[Any, ...]]:
        with self.database.connect(role) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def days(self) -> list[date]:
        """The days that raw.fix has partitions for."""
        found = self.rows("SELECT relname FROM pg_catalog.pg_class WHERE relname ~ '^fix_[0-9]{8}$' ORDER BY 1")
        return [datetime.strptime(name, "fix_%Y%m%d").replace(tzinfo=UTC).date() for (name,) in found]
