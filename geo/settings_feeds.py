"""Settings of feeds that Yukimichi fetches by itself: layers of an ArcGIS Feature Service."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from geo.settings_base import Part


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the address carries a login, a query or a fragment; leave them out, a token comes by file")
    return url.rstrip("/")


type LayerUrl = Annotated[str, AfterValidator(_plain_url)]


class ArcgisSettings(Part):
    """A layer of a Feature Service (or Map Service) that is asked again and again (docs/feeds.md).

    `kind` says what its features are: vehicles (positions), roads (a road set), closures (a reference layer).
    """

    #: the layer itself, for example https://host/arcgis/rest/services/ploughs/FeatureServer/0
    url: LayerUrl
    kind: Literal["vehicles", "roads", "closures"]
    #: seconds between two polls; None: 15 for vehicles, 60 for closures, 86,400 for roads
    every_s: float | None = Field(None, gt=0)
    #: features asked for at once; the layer's own maxRecordCount wins where it is smaller
    page_size: int = Field(1000, ge=1, le=10_000)
    #: which features, in the SQL of the service
    where: str = "1=1"
    #: the date field that rises with each edit; None: the one that the layer itself names
    edit_field: str | None = None
    #: so many seconds before the newest edit known are asked for again: edits need not become visible in order
    overlap_s: float = Field(120, ge=0)
    #: the field with the object id; None: the one that the layer itself names
    object_id_field: str | None = None
    #: name of the reference layer that closures become; the collection `closures` is that of orders
    layer: str = "reported_closures"
    #: a file that holds the token and nothing else
    token_file: str | None = None
    #: name of the environment variable that holds the token
    token_variable: str | None = None
    #: longest wait for one answer, seconds
    timeout_s: float = Field(30, gt=0)
    #: one answer unpacked; a larger one is refused
    max_answer_bytes: int = Field(64 * 2**20, ge=1024)
    #: features of one poll; a layer with more is refused
    max_features: int = Field(1_000_000, ge=1)

    @property
    def interval_s(self) -> float:
        """Seconds between two polls, with the default of the kind."""
        return self.every_s or {"vehicles": 15.0, "closures": 60.0, "roads": 86_400.0}[self.kind]

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token_file and self.token_variable:
            raise ValueError("token_file and token_variable are both given; keep one")
        return self
