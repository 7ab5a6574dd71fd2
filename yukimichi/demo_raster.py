"""The demo's raster by the ordinary path: a generated file, then what `yukimichi ingest raster` does."""

from __future__ import annotations

from datetime import datetime

from geo.vocabulary import RasterKind
from ingest.raster import RasterReport, RasterWish
from layers.raster_styles import choose_style
from yukimichi.context import Context
from yukimichi.demo import DemoFiles
from yukimichi.demo.raster import write_depth
from yukimichi.progress import Step
from yukimichi.rasters import take_in
from yukimichi.storm import StormState

RASTER_ID = "demo_snow_depth"


def load_demo_raster(context: Context, files: DemoFiles, state: StormState, at: datetime, step: Step) -> RasterReport:
    """Make the snow of the demo's storm at a moment, and take it in as a synthetic raster."""
    begins_at, ends_at = (datetime.fromisoformat(text) for text in (state.begins_at, state.ends_at))
    path = files.folder / "snow_depth.tif"
    taken_at = write_depth(path, files.municipalities, begins_at, ends_at, state.seed, at)
    kind = RasterKind.SNOW_DEPTH
    wish = RasterWish(
        RASTER_ID, kind, "Simulated snow depth (synthetic)", "模擬の積雪深（合成データ）", "CC0 1.0",
        "雪みちシミュレーター Yukimichi simulator", taken_at,
        lambda n_bands, dtype, unit: choose_style(None, kind, n_bands, dtype, unit), synthetic=True,
    )  # fmt: skip
    return take_in(context, path, wish, step)
