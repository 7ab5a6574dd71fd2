"""All features of a layer that a condition holds for, page by page (ArcGIS REST API, "Query (Feature Service/Layer)").

Layers with paging are read by resultOffset in the order of object ids; the others by lists of object ids, of which a
server sends any number. Features are asked for in longitude and latitude of WGS 84.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from geo.crs import GEOGRAPHIC
from geo.errors import EnvironmentProblem, InputError
from geo.settings_feeds import ArcgisSettings
from ingest.arcgis_http import ArcgisClient
from ingest.arcgis_layer import Layer

#: A layer that changes while it is read is read again, so many times in all.
SNAPSHOTS = 3
#: Seconds after which a layer that never stood still is worth another try.
RETRY_AFTER_S = 60


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as it came: `geometry` in Esri JSON, None where there is none."""

    object_id: int
    attributes: dict[str, Any]
    geometry: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class LayerReader:
    """Reads one layer."""

    client: ArcgisClient
    layer: Layer
    settings: ArcgisSettings

    def pages(self, where: str) -> Iterator[list[Feature]]:
        """The features in pages, none twice. Raises InputError where the answers contradict themselves or are more
        than max_features."""
        seen: set[int] = set()
        for page in self._by_offset(where) if self.layer.has_paging else self._by_ids(where):
            # a row that is put in front while we read moves the others on by one
            new = {feature.object_id: feature for feature in page if feature.object_id not in seen}
            seen |= new.keys()
            self._require_few(len(seen))
            yield list(new.values())

    def snapshot(self, where: str) -> list[Feature]:
        """All features by object id, as many as the server counts afterwards.

        Raises EnvironmentProblem where the layer changes all the time.
        """
        for _ in range(SNAPSHOTS):
            found = sorted((f for page in self.pages(where) for f in page), key=lambda feature: feature.object_id)
            counted = self.client.ask("query", where=where, returnCountOnly=True).get("count")
            if counted == len(found):
                return found
            if not isinstance(counted, int):
                raise InputError(f"{self.settings.url}: the server does not count.", hint="Is it a Feature Service?")
        raise EnvironmentProblem(
            f"{self.settings.url}: the layer changes while it is read, {SNAPSHOTS} times.",
            hint="The next poll reads it again.", retry_after_s=RETRY_AFTER_S,
        )  # fmt: skip

    def _by_offset(self, where: str) -> Iterator[list[Feature]]:
        offset = 0
        while True:
            answer = self._ask(
                where=where,
                orderByFields=f"{self.layer.object_id_field} ASC",
                resultOffset=offset,
                resultRecordCount=self.layer.page_size,
            )
            page = self._features(answer)
            yield page
            is_more = answer.get("exceededTransferLimit")
            # a server that does not say so at all is asked until a page is not full
            if not (len(page) >= self.layer.page_size if is_more is None else is_more):
                return
            if not page:
                raise InputError(f"{self.settings.url}: the server says that there is more and sends nothing.")
            offset += len(page)

    def _by_ids(self, where: str) -> Iterator[list[Feature]]:
        listed = self.client.ask("query", where=where, returnIdsOnly=True).get("objectIds") or []
        if not isinstance(listed, list) or not all(isinstance(one, int) for one in listed):
            raise InputError(f"{self.settings.url}: the server does not list object ids.")
        left = sorted(set(listed))
        self._require_few(len(left))
        size = self.layer.page_size
        while left:
            chunk = left[:size]
            answer = self._ask(objectIds=",".join(map(str, chunk)))
            if answer.get("exceededTransferLimit") is True and len(chunk) > 1:
                size = len(chunk) // 2
                continue
            yield self._features(answer)
            left = left[len(chunk) :]

    def _ask(self, **chosen: object) -> dict[str, Any]:
        return self.client.ask(
            "query", outFields="*", returnGeometry=self.layer.geometry_type is not None, outSR=GEOGRAPHIC,
            returnZ=False, returnM=False, returnTrueCurves=False, **chosen,
        )  # fmt: skip

    def _features(self, answer: dict[str, Any]) -> list[Feature]:
        url, listed = self.settings.url, answer.get("features")
        if not isinstance(listed, list):
            raise InputError(f"{url}: an answer without features.", hint="Is it a Feature Service?")
        if listed and self.layer.geometry_type is not None:
            _require_degrees(answer.get("spatialReference"), url)
        return [_feature(one, self.layer.object_id_field, url) for one in listed]

    def _require_few(self, n: int) -> None:
        if n > self.settings.max_features:
            raise InputError(
                f"{self.settings.url}: more than {self.settings.max_features:,} features.",
                hint="Narrow `where`, or raise max_features of the source.",
            )


def _require_degrees(reference: Any, url: str) -> None:
    """Raises InputError where the coordinates are not the ones that were asked for."""
    said = reference if isinstance(reference, dict) else {}
    if GEOGRAPHIC not in (said.get("wkid"), said.get("latestWkid")):
        name = said.get("latestWkid") or said.get("wkid") or ("a WKT" if said.get("wkt") else "nothing")
        raise InputError(
            f"{url}: asked for outSR={GEOGRAPHIC}, the server answers in {name}.", hint="It cannot be polled."
        )


def _feature(one: Any, object_id_field: str, url: str) -> Feature:
    attributes = one.get("attributes") if isinstance(one, dict) else None
    if not isinstance(attributes, dict):
        raise InputError(f"{url}: a feature without attributes.")
    object_id = attributes.get(object_id_field)
    if not isinstance(object_id, int):
        raise InputError(
            f"{url}: a feature without its object id {object_id_field}.", hint="Set object_id_field of the source."
        )
    geometry = one.get("geometry")
    return Feature(object_id, attributes, geometry if isinstance(geometry, dict) else None)
