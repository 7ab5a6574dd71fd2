"""Settings of the search for addresses, places and roads."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from geo.settings_base import Part


class SearchSettings(Part):
    """Where addresses are looked up, and how long a question waits for them."""

    #: folder of the address dictionary that `yukimichi search build` made; None: `addresses` in home
    dictionary: Path | None = None
    #: a question is answered without addresses, and says so, when the dictionary takes longer than this, seconds
    patience_s: float = Field(0.5, gt=0, le=5)
    #: answers that one server process keeps, megabytes
    cache_mb: int = Field(2, ge=1)
