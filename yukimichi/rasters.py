"""Rasters from a file to what is served: ingest, engine, publication, and the files of before swept away."""

from __future__ import annotations

from pathlib import Path

from geo.db import Role, read_sql
from geo.errors import ConflictError
from geo.store.rasters import refresh_rasters
from geo.timeline import now
from ingest.raster import RasterReport, RasterWish, ingest_raster, remove_raster, sweep
from ingest.raster_cog import Progress
from layers.catalogue import collections
from layers.rasters import publish_rasters_alone
from yukimichi.context import Context


def take_in(context: Context, path: Path, wish: RasterWish, progress: Progress) -> RasterReport:
    """Take in a raster and publish it. Raises as ingest_raster; ConflictError where a collection has the id."""
    _require_free(context, wish.raster_id)
    settings = context.settings
    report = ingest_raster(
        context.database, path, settings.rasters_dir, wish, now(), most_mpx=settings.rasters.max_megapixels,
        progress=progress,
    )  # fmt: skip
    bring_out(context)
    sweep(context.database, settings.rasters_dir, wish.raster_id)
    return report


def take_out(context: Context, raster_id: str) -> int:
    """Remove a raster and its files; how many files. Raises NotFoundError."""
    remove_raster(context.database, raster_id)
    bring_out(context)
    return len(sweep(context.database, context.settings.rasters_dir, raster_id))


def bring_out(context: Context) -> int:
    """Publish what stands; how many rasters changed."""
    with context.database.connect(Role.ENGINE) as connection:
        refresh_rasters(connection)
    return publish_rasters_alone(context.database)


def _require_free(context: Context, raster_id: str) -> None:
    """An id names one collection: features or a raster."""
    with context.database.connect(Role.READER) as connection:
        layers = tuple(row[0] for row in connection.execute(read_sql("tiles", "reference_layers")).fetchall())
    if raster_id in collections(layers):
        raise ConflictError(f"{raster_id} is a collection of features already.", hint="Choose another --id.")
