"""What each kind of plan carries: its fields, the names under which files have them, and how values are read.

The attributes written to raw.plan have exactly these names (docs/reference/plans.md); null says that the file is
silent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from geo.timeline import from_us
from geo.vocabulary import Treatment
from ingest.mapping import NO, YES, normal
from ingest.road_values import MANAGERS
from ingest.times import Fault, parse_times

type PlanKind = Literal["routes", "sections", "assignments", "plans", "kmposts", "depots", "areas", "layer", "callouts"]
type Words = Mapping[str, str]


class Unreadable(ValueError):
    """A value that cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a kind: the columns it is known by, how it is read, and whether a row is nothing without it."""

    names: Sequence[str]
    read: Callable[[str, Words, str | None], Any]
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plan.

    fields      by the names of raw.plan.attributes
    id_names    columns that may hold the id
    geometry    types that fit: line, area, point; empty for tables without geometry
    is_merged   several features of one id make one row (a route delivered in pieces)
    keeps_rest  every other column is kept as an attribute too
    """

    fields: Mapping[str, Field]
    id_names: Sequence[str]
    geometry: frozenset[str]
    needs_geometry: bool = True
    is_merged: bool = False
    keeps_rest: bool = False


def as_text(value: str, words: Words, zone: str | None) -> str:
    """The value as it stands, or its word in the source's map."""
    return words.get(value, value)


def as_manager(value: str, words: Words, zone: str | None) -> str:
    """A word of geo.vocabulary.Manager."""
    found = (MANAGERS | dict(words)).get(value)
    if found is None:
        raise Unreadable(f"{value!r} is no manager we know")
    return found


def as_treatment(value: str, words: Words, zone: str | None) -> str:
    """A word of geo.vocabulary.Treatment."""
    known = {**{str(t): str(t) for t in Treatment}, **{t.ja: str(t) for t in Treatment}, **words}
    if value not in known:
        raise Unreadable(f"{value!r} is no treatment we know")
    return known[value]


def as_clock(value: str, words: Words, zone: str | None) -> str:
    """HH:MM of the local clock."""
    found = re.fullmatch(r"(\d{1,2})[:時](\d{2})?(?::\d{2})?分?", value)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise Unreadable(f"{value!r} is no time of day")
    return f"{int(found[1]):02d}:{int(found[2] or 0):02d}"


def as_moment(value: str, words: Words, zone: str | None) -> str:
    """ISO 8601 in UTC."""
    at_us, fault = parse_times(pa.chunked_array([[value]]), zone)
    if fault[0] != Fault.NONE:
        raise Unreadable(f"{value!r} cannot be read as a time ({Fault(int(fault[0])).name.lower()})")
    return from_us(int(at_us[0])).isoformat()


def as_number(value: str, words: Words, zone: str | None) -> float:
    """A number not below zero, with a unit behind it or without."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:cm|km|m|センチ|㎝)?", value)
    if not found:
        raise Unreadable(f"{value!r} is no number")
    return float(found[1])


def as_km(value: str, words: Words, zone: str | None) -> float:
    """Kilometres, also written 12k300 or 12+300."""
    found = re.fullmatch(r"(\d+)\s*[kK+]\s*(\d{1,3}(?:\.\d+)?)", value)
    return int(found[1]) + float(found[2]) / 1000 if found else as_number(value, words, zone)


def as_flag(value: str, words: Words, zone: str | None) -> bool:
    """True or False."""
    word = normal(words.get(value, value)).casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Unreadable(f"{value!r} is neither yes nor no")


_ROUTE_ID = ("route_id", "除雪路線番号", "除雪路線ID")
_SECTION_ID = ("section_id", "工区番号", "工区ID")
_NAME = Field(("name", "名称", "路線名", "N03_004", "施設・場所名"), as_text)
_MANAGER = Field(("manager", "管理者", "道路管理者"), as_manager)
_CONTRACTOR_NAMES = ("contractor", "受託者", "業者", "業者名", "受注者")
_LAYER_IDS = ("feature_id", "municipality_id", "N03_007", "area_id", "settlement_id", "id", "fid")
_PLAN_IDS = {"route_id": Field(_ROUTE_ID, as_text), "section_id": Field(_SECTION_ID, as_text)}

KINDS: Mapping[PlanKind, Kind] = {
    "routes": Kind(
        {
            "name": _NAME,
            "route_class": Field(("route_class", "種別", "除雪種別", "路線種別"), as_text),
            "manager": _MANAGER,
            "office": Field(("office", "土木事務所", "事務所", "担当事務所"), as_text),
            "target_time": Field(("target_time", "目標時刻", "完了目標時刻"), as_clock),
            "callout_depth_cm": Field(("callout_depth_cm", "出動基準", "出動積雪深"), as_number),
            "is_priority_network": Field(("is_priority_network", "優先路線", "重点路線"), as_flag),
        },
        (*_ROUTE_ID, "id"), frozenset({"line"}), is_merged=True,
    ),
    "sections": Kind(
        {"name": _NAME, "manager": _MANAGER, "contractor": Field(_CONTRACTOR_NAMES, as_text)},
        (*_SECTION_ID, "id"), frozenset({"line", "area"}), is_merged=True,
    ),
    "assignments": Kind(
        {
            **_PLAN_IDS,
            "contractor": Field(_CONTRACTOR_NAMES, as_text, True),
            "machine": Field(("machine", "機械", "機械番号", "車両番号"), as_text, True),
            "machine_class": Field(("machine_class", "機種", "機械種別"), as_text),
            "source": Field(("source", "データ源"), as_text),
            "vehicle": Field(("vehicle", "端末番号", "端末ID"), as_text),
            "from_at": Field(("from_at", "開始日時", "開始"), as_moment, True),
            "to_at": Field(("to_at", "終了日時", "終了"), as_moment),
        },
        ("assignment_id", "id"), frozenset(), needs_geometry=False,
    ),
    "plans": Kind(
        {
            **_PLAN_IDS,
            "treatment": Field(("treatment", "作業種別"), as_treatment),
            "planned_start_at": Field(("planned_start_at", "予定開始日時", "開始予定"), as_moment, True),
            "planned_end_at": Field(("planned_end_at", "予定終了日時", "終了予定"), as_moment, True),
        },
        ("plan_id", "id"), frozenset(), needs_geometry=False,
    ),
    "callouts": Kind(
        {
            "name": _NAME,
            "called_at": Field(("called_at", "出動日時", "指令日時", "発令日時"), as_moment, True),
            "ended_at": Field(("ended_at", "解除日時", "終了日時"), as_moment),
            "manager": _MANAGER,
            "office": Field(("office", "土木事務所", "事務所", "担当事務所"), as_text),
            "section_id": Field(_SECTION_ID, as_text),
            "depth_cm": Field(("depth_cm", "積雪深", "出動積雪深"), as_number),
            "callout_id": Field(("callout_id", "出動番号", "指令番号"), as_text),
        },
        ("id",), frozenset(), needs_geometry=False,
    ),
    "kmposts": Kind(
        {
            "route": Field(("route", "路線", "路線名", "路線番号"), as_text, True),
            "km": Field(("km", "距離標", "キロ程"), as_km, True),
        },
        ("kmpost_id", "id"), frozenset({"point"}),
    ),
    "depots": Kind({"name": _NAME}, ("depot_id", "id"), frozenset({"point"})),
    "areas": Kind(
        {"name": _NAME}, ("municipality_id", "area_id", "N03_007", "code", "id"), frozenset({"area"}),
        is_merged=True, keeps_rest=True,
    ),
    "layer": Kind({"name": _NAME}, _LAYER_IDS, frozenset({"point", "line", "area"}), keeps_rest=True),
}  # fmt: skip

#: Reference layer of kind areas when none is named.
DEFAULT_AREA_LAYER = "municipalities"
