"""What the JSON documents about a raster say: what it is, of which moment and licence, where its answers are."""

from __future__ import annotations

import math
from typing import Any

from tiles.raster_registry import Raster


def told(raster: Raster) -> dict[str, Any]:
    """What every JSON answer says of the raster that it is about."""
    return {
        "id": raster.raster_id, "synthetic": raster.synthetic, "kind": raster.kind, "unit": raster.unit,
        "taken_at": raster.taken_at.isoformat().replace("+00:00", "Z"), "attribution": raster.attribution,
        "licence": raster.licence, "licence_url": raster.licence_url,
    }  # fmt: skip


def described(raster: Raster, base: str) -> dict[str, Any]:
    """What there is to say of a raster, and where its answers are."""
    own = f"{base}/raster/{raster.raster_id}"
    nodata = None if raster.nodata is None else "nan" if math.isnan(raster.nodata) else raster.nodata
    return told(raster) | {
        "title": raster.title, "title_ja": raster.title_ja, "style": raster.style, "version": raster.version,
        "bbox": list(raster.bbox), "crs": raster.crs, "width": raster.width, "height": raster.height,
        "pixel_m": round(raster.pixel_m, 3), "n_bands": raster.n_bands, "dtype": raster.dtype, "nodata": nodata,
        "recorded_at": raster.recorded_at.isoformat().replace("+00:00", "Z"),
        "tiles": f"{own}/{raster.version}/tiles/{{tileMatrixSetId}}/{{z}}/{{x}}/{{y}}.png",
        "tilejson": f"{own}/tilejson.json", "preview": f"{own}/preview.png", "legend": f"{own}/legend",
        "statistics": f"{own}/statistics", "point": f"{own}/point/{{lon}},{{lat}}", "info": f"{own}/info",
        "collection": f"{base}/ogc/collections/{raster.raster_id}",
    }  # fmt: skip


def tilejson_of(raster: Raster, set_id: str, base: str) -> dict[str, Any]:
    """TileJSON 3.0.0 of the tiles in a matrix set, at the address of the present version."""
    own = f"{base}/raster/{raster.raster_id}"
    return told(raster) | {
        "tilejson": "3.0.0", "name": raster.title_ja, "description": raster.title, "version": "1.0.0", "scheme": "xyz",
        "content_version": raster.version, "bounds": list(raster.bbox), "minzoom": 0,
        "maxzoom": raster.max_zoom(set_id), "vector_layers": [], "legend": f"{own}/legend.svg",
        "tiles": [f"{own}/{raster.version}/tiles/{set_id}/{{z}}/{{x}}/{{y}}.png"],
    }  # fmt: skip
