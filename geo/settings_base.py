"""What every part of the settings is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; use an IANA name such as Asia/Tokyo") from error
    return name


type ZoneName = Annotated[str, AfterValidator(_known_zone)]


class Part(BaseModel):
    """A part of the settings: frozen, and it refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def keys_beside(model: type[BaseModel], keys: Sequence[int | str]) -> list[str]:
    """The keys that are valid where the last of `keys` stands, dotted from the top; [] where no part holds keys.

    Names in maps and numbers in lists are taken as they come.
    """
    kind: Any = model
    for key in keys[:-1]:
        is_part = isinstance(kind, type) and issubclass(kind, BaseModel)
        if is_part and key not in kind.model_fields:
            return []
        kind = _part_in(kind.model_fields[str(key)].annotation) if is_part else None
        if isinstance(kind, tuple):
            kind = kind[0]
    return []
