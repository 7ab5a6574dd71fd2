"""What each kind of plan carries: its fields, the names under which files have them, and how values are read.

The attributes written to raw.plan have exactly these names (docs/reference/plans.md); null says that the file is
silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ingest.place_kinds import as_count, as_facility_kind, as_interval_s, as_link, as_network_class
from ingest.plan_values import (
    Unreadable,
    Words,
    as_clock,
    as_flag,
    as_km,
    as_manager,
    as_moment,
    as_number,
    as_text,
    as_treatment,
)

__all__ = ["DEFAULT_AREA_LAYER", "KINDS", "Field", "Kind", "PlanKind", "Unreadable"]

type PlanKind = Literal[
    "routes", "sections", "assignments", "plans", "kmposts", "depots", "areas", "layer", "callouts", "places",
    "cameras", "priority_network",
]  # fmt: skip


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
    id_words    fields that make the id of a feature where no column holds one
    is_place    positions are judged one by one: swapped, nowhere, far from all roads
    """

    fields: Mapping[str, Field]
    id_names: Sequence[str]
    geometry: frozenset[str]
    needs_geometry: bool = True
    is_merged: bool = False
    keeps_rest: bool = False
    id_words: Sequence[str] = ()
    is_place: bool = False


_ROUTE_ID = ("route_id", "除雪路線番号", "除雪路線ID")
_SECTION_ID = ("section_id", "工区番号", "工区ID")
_NAME = Field(("name", "名称", "路線名", "N03_004", "施設・場所名"), as_text)
_MANAGER = Field(("manager", "管理者", "道路管理者"), as_manager)
_CONTRACTOR_NAMES = ("contractor", "受託者", "業者", "業者名", "受注者")
_LAYER_IDS = ("feature_id", "municipality_id", "N03_007", "area_id", "settlement_id", "id", "fid")
_PLAN_IDS = {"route_id": Field(_ROUTE_ID, as_text), "section_id": Field(_SECTION_ID, as_text)}

#: What every kind says of where it comes from.
_SAID = {
    "licence": Field(("licence", "license", "ライセンス", "利用条件"), as_text),
    "attribution": Field(("attribution", "出典", "出典表示", "クレジット"), as_text),
}
_NAME_EN = Field(("name_en", "名称_英語", "英語名", "名称（英語）"), as_text)

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
    "places": Kind(
        {
            "kind": Field(("kind", "種別", "施設種別", "分類"), as_facility_kind, True),
            "name": Field(("name", "名称", "施設名", "施設名称", "施設・場所名", "施設_施設名称"), as_text, True),
            "name_en": _NAME_EN,
            "address": Field(("address", "住所", "所在地", "所在地_連結表記"), as_text),
            "phone": Field(("phone", "tel", "電話番号", "電話", "連絡先"), as_text),
            "opening": Field(("opening", "opening_hours", "開設時間", "開設期間", "利用時間", "受入時間"), as_text),
            "capacity": Field(("capacity", "収容人数", "想定収容人数", "定員"), as_count),
            **_SAID,
        },
        ("place_id", "id", "共通ID", "施設ID", "ID"), frozenset({"point", "area"}), id_words=("kind", "name"),
        is_place=True,
    ),
    "cameras": Kind(
        {
            "name": Field(("name", "名称", "カメラ名", "設置箇所", "地点名"), as_text, True),
            "name_en": _NAME_EN,
            "road": Field(("road", "路線", "路線名"), as_text),
            "link": Field(("link", "url", "image", "image_url", "画像URL", "画像", "リンク"), as_link, True),
            "interval_s": Field(("interval_s", "interval", "更新間隔", "間隔"), as_interval_s, True),
            **_SAID,
        },
        ("camera_id", "id", "カメラID", "カメラ番号"), frozenset({"point"}), id_words=("name",), is_place=True,
    ),
    "priority_network": Kind(
        {
            "name": Field(("name", "名称", "路線名", "N10_004"), as_text),
            "route": Field(("route", "路線", "国道県道名"), as_text),
            "network_class": Field(("network_class", "区分", "路線区分", "次数", "N10_002"), as_network_class),
            "class_name": Field(("class_name", "区分名", "区分", "路線区分", "network_class", "N10_002"), as_text),
            **_SAID,
        },
        ("priority_id", "id"), frozenset({"line"}), needs_geometry=False, is_merged=True,
        id_words=("name", "route", "class_name"),
    ),
}  # fmt: skip

#: Reference layer of kind areas when none is named.
DEFAULT_AREA_LAYER = "municipalities"
