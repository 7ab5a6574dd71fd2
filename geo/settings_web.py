"""Settings of the residents' page."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from geo.settings_base import Part

#: What a content security policy takes as a source of frame-ancestors: a scheme, or a host with its scheme and port.
_SOURCE = re.compile(r"https?:(//(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?)?|'self'")


class WebSettings(Part):
    """The page.

    embed_from  which pages may show the map in a frame at /?embed=1: sources as a content security policy has them;
                none: nobody may. Every other page of the service is never shown in a frame.
    """

    embed_from: list[str] = Field(default_factory=lambda: ["https:"])

    @field_validator("embed_from")
    @classmethod
    def _are_sources(cls, value: list[str]) -> list[str]:
        for source in value:
            if not _SOURCE.fullmatch(source):
                raise ValueError(f"{source!r} is no source such as https: or https://www.city.example")
        return value
