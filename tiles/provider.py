"""What pygeoapi may know of a collection: its columns. Features themselves are answered by tiles.items, beneath
pygeoapi's metadata, with one bound SQL a page."""

from __future__ import annotations

from typing import Any

from pygeoapi.provider.base import BaseProvider

from layers.catalogue import Collection


class CollectionProvider(BaseProvider):  # type: ignore[misc]
    """A pygeoapi provider over the catalogue; `data` of its definition is the Collection."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        collection: Collection = provider_def["data"]
        self._fields = {column.name: _field(column.schema()) for column in collection.columns}

    def get_fields(self) -> dict[str, dict[str, Any]]:
        """Names and JSON Schema types of the columns."""
        return self._fields


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """pygeoapi's form of a column: `values` where JSON Schema says enum."""
    return schema | ({"values": schema["enum"]} if "enum" in schema else {})
