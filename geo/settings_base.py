"""What every part of the settings is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args, get_origin
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
    part: type[BaseModel] | None = model
    is_name = False
    for key in keys[:-1]:
        if is_name or part is None:
            is_name = False
        else:
            kind = part.model_fields[str(key)].annotation if str(key) in part.model_fields else None
            part, is_name = _part_in(kind), get_origin(kind) in (dict, list, tuple)
    head = "".join(f"{key}." for key in keys[:-1])
    return [head + name for name in part.model_fields] if part is not None else []


def _part_in(kind: Any) -> type[BaseModel] | None:
    """The part that a field of this kind holds, alone, as an option, or as one of many."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for inner in get_args(kind) if (found := _part_in(inner)) is not None), None)
