"""Settings of places and cameras: how far from the roads a place may lie, and what a picture may cost."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from geo.settings_base import Part


class PlaceSettings(Part):
    """Limits of places, cameras and bus stops at the door (docs/places.md)."""

    #: farther from the box around all roads, degrees, a place is quarantined as outside_area
    area_margin_deg: float = Field(0.5, ge=0, le=10)


class CameraSettings(Part):
    """How pictures of cameras are fetched (docs/places.md)."""

    #: pictures that are fetched at the same time
    n_threads: int = Field(4, ge=1, le=32)
    #: a server that has not sent the whole picture by then is left alone, seconds
    timeout_s: float = Field(10, gt=0, le=120)
    #: a picture is never asked for more often, whatever the register says, seconds
    least_interval_s: float = Field(60, gt=0)
    #: after failures the time to the next try doubles, up to this, minutes
    retry_max_min: float = Field(60, gt=0)
    #: more bytes than this are no picture for us, kilobytes
    max_kb: int = Field(4096, ge=16)
    #: nor more pixels than this, millions
    max_megapixels: float = Field(25, gt=0)
    #: longest side of the picture that is kept, pixels
    max_side_px: int = Field(1280, ge=64, le=4096)
    #: a picture that could not be renewed for so long is deleted, hours
    keep_h: float = Field(24, gt=0)
    #: whether addresses of private networks and of this machine may be fetched from
    allow_private: bool = False
    #: links of the form file: are taken from below this folder alone, relative to `home`; null: from nowhere
    files_below: Path | None = Path("demo/cameras")
