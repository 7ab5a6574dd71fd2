"""What notebook 02 shows: the visualisation rate, what of the routes is not visible, whether raw fixes give the bytes.

yukimichi.visualisation_drawn draws it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from geo.db import Role, read_sql
from geo.kpi import NAMES, seen_m
from geo.plans import piece_lines
from geo.polyline import to_shapes
from geo.store.kpi import observed, tracked
from geo.timeline import now
from yukimichi.context import Context, opened
from yukimichi.kpi import Kpi, KpiSource, kpi_of, read_source, span_of
from yukimichi.kpi_fixes import basis_from_fixes

#: What a stretch of a route is, from the worst on.
PARTS = ("not_laid", "untracked", "unseen", "partly", "observed")
#: Names of the columns of the table.
LABELS = {"in_network": "ネットワーク上 in network", "tracked": "端末あり tracked", "observed": "観測 observed"}
#: Shares of a stretch from which on it is on record as a whole, and up to which it is not at all.
WHOLE, NOTHING = 0.95, 0.05
#: A drawing farther than this from the roads of its route is not laid there, metres.
LAID_NEAR_M = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """The KPI from facts, the KPI from raw fixes, and the routes by what is visible of them (longitude, latitude)."""

    kpi: Kpi
    again: Kpi
    parts: gpd.GeoDataFrame

    @property
    def is_same(self) -> bool:
        """Whether both are the same bytes."""
        return self.kpi.content == self.again.content


def find(config: Path | None = None, event_id: int | None = None, day: date | None = None) -> Found:
    """Work the KPI of an event or a day out twice, from facts and from raw fixes; the present event for neither.

    config  the settings; None: YUKI_CONFIG, else ./config.yml
    """
    named = os.environ.get("YUKI_CONFIG")
    with opened(config or (Path(named) if named else None)) as context:
        source = read_source(context, span_of(context, event_id, day, None, now()))
        basis = basis_from_fixes(context, source.network, source.span, source.basis.heard)
        return Found(kpi_of(context, source), kpi_of(context, source, basis), parts_of(context, source))


def parts_of(context: Context, source: KpiSource) -> gpd.GeoDataFrame:
    """The stretches of routes by what is visible: route_id, name, part, km of road, geometry in degrees."""
    world, network = source.world, source.network
    held, n_edges = world.held, world.plan.n_edges
    seen = seen_m(held, n_edges, observed(world, source.basis, context.settings, source.span))
    shapes = to_shapes(piece_lines(network))
    table = pd.DataFrame(
        {
            "route": held.group // n_edges, "piece": (held.group % n_edges) >> 1, "m": held.to_m - held.from_m,
            "seen_m": seen, "is_tracked": tracked(world, source.basis, context.settings),
            "from_m": held.from_m, "to_m": held.to_m,
        }
    )  # fmt: skip
    by = table.groupby(["route", "piece"], as_index=False).agg(
        {"m": "sum", "seen_m": "sum", "is_tracked": "max", "from_m": "min", "to_m": "max"}
    )
    share = by["seen_m"] / by["m"]
    is_bare = (share <= NOTHING).to_numpy()
    by["part"] = np.select(
        [(share >= WHOLE).to_numpy(), ~is_bare, by["is_tracked"].to_numpy(np.bool_)], ["observed", "partly", "unseen"],
        "untracked",
    )  # fmt: skip
    by["geometry"] = [
        substring(shapes[piece], a, b) for piece, a, b in zip(by["piece"], by["from_m"], by["to_m"], strict=True)
    ]
    return _merged(context, source, by)


def _merged(context: Context, source: KpiSource, by: pd.DataFrame) -> gpd.GeoDataFrame:
    """One row a route and part, with what of the drawings no road of the route lies near."""
    routes, epsg = source.world.plan.areas, source.network.crs_epsg
    rows: list[dict[str, Any]] = []
    for (route, part), lines in by.groupby(["route", "part"]):
        length = float((lines["to_m"] - lines["from_m"]).sum())
        rows.append(
            {"route": route, "part": part, "km": length / 1000, "geometry": shapely.union_all(lines["geometry"])}
        )
    with context.database.connect(Role.ENGINE) as connection:
        drawn = {row[0]: row[1:] for row in connection.execute(read_sql("geo", "queries/read_route_shapes")).fetchall()}
    for route, area in enumerate(routes[: source.world.plan.n_routes]):
        shape, missing_m = drawn.get(area.area_id, (None, 0.0))
        if shape is None or missing_m <= LAID_NEAR_M:
            continue
        line = gpd.GeoSeries([shapely.from_wkb(shape)], crs=4326).to_crs(epsg).iloc[0]
        mine = [row["geometry"] for row in rows if row["route"] == route]
        bare = line.difference(shapely.buffer(shapely.union_all(mine), LAID_NEAR_M)) if mine else line
        if not bare.is_empty:
            rows.append({"route": route, "part": "not_laid", "km": missing_m / 1000, "geometry": bare})
    columns = ["route", "part", "km", "geometry"]
    found = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=epsg)
    found["geometry"] = found.simplify(3.0)
    found["route_id"] = [routes[int(i)].area_id for i in found["route"]]
    found["name"] = [routes[int(i)].name for i in found["route"]]
    return found.drop(columns="route").to_crs(4326)


def table(found: Found, by: str = "manager") -> pd.DataFrame:
    """The figures by manager, office, municipality or route, the whole first, with names in both languages."""
    rows = [found.kpi.tree["total"], *found.kpi.tree["by"][by]]
    columns = {"label": "名称 name", "planned_m": "計画延長 planned (km)"}
    columns |= {f"{name}_percent": f"{LABELS[name]} (%)" for name in NAMES}
    frame = pd.DataFrame(rows)[list(columns)]
    frame["planned_m"] = frame["planned_m"].astype(float) / 1000
    shown = frame.rename(columns=columns).set_index("名称 name")
    return shown.astype(float).round(1)


def definitions(found: Found) -> str:
    """The definition beside each figure, in both languages, as Markdown."""
    tree = found.kpi.tree
    rows = ["| | % | 定義 | definition |", "| --- | ---: | --- | --- |"]
    for name in NAMES:
        words, share = tree["definitions"][name], tree["total"][f"{name}_percent"]
        shown = "–" if share is None else f"{share:.1f}"
        rows.append(f"| **{name}** | {shown} | {words['ja']} | {words['en']} |")
    return "\n".join(rows)
