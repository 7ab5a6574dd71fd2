"""The catalogue: every collection that is served, with its names, columns and where its rows come from.

A collection's rows are those of `sql/collections/<source>.sql`, a SELECT whose columns are the id, the catalogue's
columns in this order, and `geom`. Its parameters are as_of (now, zone-aware), state_ja (jsonb of names) and layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from layers.columns import (
    DEVICE,
    PASS,
    PLOUGH,
    REFERENCE,
    ROAD,
    ROUTE,
    STATUS,
    WORK_SECTION,
    Column,
)
from layers.columns_disputes import DISPUTE
from layers.columns_orders import CLOSURE, ORDER, WITHHELD
from layers.columns_places import BUS_ROUTE, BUS_STOP, CAMERA, FACILITY, PRIORITY_NETWORK
from layers.columns_reports import DAILY_REPORT
from layers.columns_service import SERVICE_LEVEL
from layers.columns_snow import SNOW, WEATHER_STATION

type Geometry = Literal["Point", "LineString", "MultiLineString", "Polygon", "Geometry"]


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    collection_id   as in its address
    source          name of its SQL file
    id_column       unique, and the id of a feature
    columns         what a feature carries, in order; the first is the id
    time            columns of begin and end that `datetime` filters, or None: a feature has no time of its own
    is_public       False: only a manager's key opens it
    is_by_contractor  True: a contractor's key opens it too, for rows of its own; its SELECT has sees_all and contractor
    is_by_manager   True: each manager's key sees rows of its own; its SELECT has sees_every_manager and manager_of
    is_live         True: rows change with the clock even when nothing is published (states expire)
    has_attributes  True: a jsonb column `attributes` is spread into the properties
    tile_layer      name of its vector tiles, or None
    past_source     name of the SQL file that has its rows at a moment of the past (as_of), or None
    is_placed       True: its rows change with a publication of places alone, and its tiles have the version of that
    """

    collection_id: str
    title_ja: str
    title_en: str
    description: str
    description_ja: str
    source: str
    id_column: str
    columns: tuple[Column, ...]
    geometry: Geometry
    time: tuple[str, str] | None = None
    is_public: bool = True
    is_by_contractor: bool = False
    is_by_manager: bool = False
    is_live: bool = False
    has_attributes: bool = False
    tile_layer: str | None = None
    past_source: str | None = None
    is_placed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


COLLECTIONS: tuple[Collection, ...] = (
    Collection(
        "roads", "道路", "Roads",
        "One feature for each direction of a road piece (edge) that traffic may use. The shape runs along digitising "
        "for both directions. edge_id = 2 * piece_id, plus 1 against digitising.",
        "車両が通れる道路片を方向ごとに1地物とする。形状は両方向とも同じ向き。edge_id = 2 × piece_id（逆向きは＋1）。",
        "roads", "edge_id", ROAD, "LineString", tile_layer="roads",
    ),
    Collection(
        "road_status", "除雪状況", "Road status",
        "State of each edge relative to the present event, with its evidence: cleared 除雪完了, clearing 除雪中, "
        "uncleared 未除雪 or unknown 不明 with the reason. A clearing whose valid_until has passed is unknown.",
        "現在の事象に対する方向別の状態と根拠：除雪完了・除雪中・未除雪・不明（理由つき）。有効期限を過ぎた除雪は不明。",
        "road_status", "edge_id", STATUS, "LineString", time=("as_of", "as_of"), is_live=True,
        tile_layer="road_status", past_source="road_status_past",
    ),
    Collection(
        "passes", "作業走行", "Passes",
        "Stretches of road that machines drove: with work (pass 作業走行), without (deadhead 回送), or with nobody "
        "able to tell (unknown). At most seven days old. No machine can be told from them.",
        "機械が通った区間：作業走行、回送、作業の有無が不明なもの。7日以内。機械は特定できない。",
        "passes", "pass_id", PASS, "LineString", time=("started_at", "ended_at"), tile_layer="passes",
    ),
    Collection(
        "ploughs", "稼働中の除雪車", "Ploughs",
        "Machines at work now. Ids change with each shift; nothing is shown near a depot or a shift's first and last "
        "stop. One that should have been heard again is_silent for a while and then vanishes.",
        "いま作業中の機械。IDは運行ごとに変わる。基地や運行の最初と最後の地点の近くは表示しない。通信が途絶えた機械は"
        "しばらくその旨を示し、その後表示しない。",
        "ploughs", "plough_id", PLOUGH, "Point", time=("observed_at", "observed_at"), is_live=True,
        tile_layer="ploughs",
    ),
    Collection(
        "routes", "除雪路線", "Plough routes",
        "Plough routes with class and target, and the share of their edges that is cleared and unknown now.",
        "除雪路線の区分と目標、いま除雪完了の割合と不明の割合。",
        "routes", "route_id", ROUTE, "MultiLineString", is_live=True, tile_layer="routes",
    ),
    Collection(
        "work_sections", "工区", "Work sections",
        "Work sections, and the share of their edges that is cleared and unknown now.",
        "工区と、いま除雪完了の割合と不明の割合。",
        "work_sections", "section_id", WORK_SECTION, "Geometry", is_live=True, tile_layer="work_sections",
    ),
    Collection(
        "municipalities", "市町", "Municipalities", "Municipalities of the area.", "区域の市町。",
        "reference", "feature_id", REFERENCE, "Geometry", has_attributes=True, tile_layer="municipalities",
    ),
    Collection(
        "snow", "降雪・積雪", "Snow",
        "Snow on mesh cells with roads: since the event began and in the last 1, 6 and 24 hours, interpolated from "
        "stations in reach or taken from a raster. What nobody observed is null, with basis missing; never zero.",
        "道路のある地域メッシュの降雪量（事象開始から、1・6・24時間）と積雪深。周辺観測所の値の内挿、またはラスタの値。"
        "観測のないものは null（欠測）であり、0ではない。",
        "snow", "cell", SNOW, "Polygon", time=("as_of", "as_of"), is_live=True,
        tile_layer="snow",
    ),
    Collection(
        "weather_stations", "気象観測所", "Weather stations",
        "Weather stations that measure snow, with their last words and how old these are.",
        "積雪を観測する気象観測所の最新値とその経過時間。",
        "weather_stations", "station_id", WEATHER_STATION, "Point", time=("observed_at", "observed_at"), is_live=True,
        tile_layer="weather_stations",
    ),
    Collection(
        "closures", "通行規制", "Closures",
        "Restrictions of traffic that road managers ordered, with begin and planned end; past ones and those to come "
        "too: datetime says which, is_active those that hold now. They win over every state that was inferred.",
        "道路管理者による通行規制（通行止め、片側交互通行など）と開始・終了予定。過去と予定も含む。datetime で期間を、"
        "is_active で現在の規制を選ぶ。推定した状態より優先する。",
        "closures", "closure_id", CLOSURE, "MultiLineString", time=("starts_at", "ends_at"), is_live=True,
        tile_layer="closures",
    ),
    Collection(
        "facilities", "施設", "Facilities",
        "Hospitals, shelters, fire stations, schools, snow dumps and other places that people look for, by kind.",
        "病院、避難所、消防署、学校、雪捨て場などの施設。種別（kind）で選ぶ。",
        "facilities", "place_id", FACILITY, "Point", tile_layer="facilities", is_placed=True,
    ),
    Collection(
        "cameras", "道路カメラ", "Road cameras",
        "Cameras that look at roads, with the path of their newest picture on this host, its time, and whether it is "
        "late. The picture of another time is no view of now.",
        "道路カメラ。最新画像のこのサーバー上のパス、画像の時刻、更新の遅れ。古い画像は現在の様子ではない。",
        "cameras", "camera_id", CAMERA, "Point", is_live=True, tile_layer="cameras",
    ),
    Collection(
        "priority_network", "雪みちネットワーク路線", "Priority network",
        "Roads that are kept open first, in classes, as laid onto the network.",
        "優先して通行を確保する路線。区分（network_class）は1が最優先。",
        "priority_network", "priority_id", PRIORITY_NETWORK, "MultiLineString", tile_layer="priority_network",
        is_placed=True,
    ),
    Collection(
        "bus_stops", "停留所", "Bus stops",
        "Bus stops of transit feeds (GTFS), with their departures a day. A feed whose last day is over is_expired.",
        "バス停留所（GTFS）と1日の便数。データの有効期間が過ぎたものは is_expired。",
        "bus_stops", "stop_id", BUS_STOP, "Point", is_live=True, tile_layer="bus_stops", is_placed=True,
    ),
    Collection(
        "bus_routes", "バス系統", "Bus routes",
        "Bus routes of transit feeds (GTFS), with their trips a day; shape_source says whether the line is the feed's "
        "or made from its stops along the roads. A feed whose last day is over is_expired.",
        "バス系統（GTFS）と1日の便数。shape_source は経路がデータのものか、停留所から道路に沿って作ったものかを示す。"
        "データの有効期間が過ぎたものは is_expired。",
        "bus_routes", "route_id", BUS_ROUTE, "MultiLineString", is_live=True, tile_layer="bus_routes", is_placed=True,
    ),
    Collection(
        "orders", "指示", "Orders",
        "Everything that road managers entered by hand: restrictions, corrections of states, publication stops, with "
        "what of them does not fit the roads. Reading it is written into the audit log.",
        "道路管理者が入力した指示（規制、状態の訂正、公表停止）と、道路に合わなかった部分。閲覧は監査記録に残る。",
        "orders", "order_id", ORDER, "Geometry", time=("starts_at", "ends_at"), is_public=False, is_live=True,
        tile_layer="orders",
    ),
    Collection(
        "withheld_status", "公表停止中の除雪状況", "Withheld road status",
        "States that a publication stop keeps from the public now, for road managers. Reading it is written into the "
        "audit log.",
        "公表を停止している区間の除雪状況。道路管理者用。閲覧は監査記録に残る。",
        "withheld_status", "edge_id", WITHHELD, "LineString", time=("as_of", "as_of"), is_public=False, is_live=True,
        tile_layer="withheld_status",
    ),
    Collection(
        "daily_reports", "作業日報", "Daily reports",
        "One feature for each vehicle, contractor and local day: time and metres at work, without work and unknown, "
        "and what it is paid. A contractor's key sees its own alone. Reading it is written into the audit log.",
        "車両・受託者・日ごとの作業日報：作業走行・回送・作業不明の時間と距離、金額。受託者の鍵では自社分だけが見える。"
        "閲覧は監査記録に残る。",
        "daily_reports", "report_id", DAILY_REPORT, "MultiLineString", time=("started_at", "ended_at"),
        is_public=False, is_by_contractor=True,
        tile_layer="daily_reports",
    ),
    Collection(
        "service_level", "除雪水準の達成状況", "Level of service",
        "Metres that were open by their target, late, missed, at risk or unknown, by contractor, manager and office in "
        "the present event, for road managers. Reading it is written into the audit log.",
        "現在の事象における業者・管理者・事務所ごとの達成・遅れ・超過・おそれ・不明の延長。道路管理者用。閲覧は監査記録に残る。",
        "service_level", "service_level_id", SERVICE_LEVEL, "Geometry", is_public=False,
    ),
    Collection(
        "devices", "端末", "Devices",
        "Every device with its last position, its cadence, its clock and the reasons to look at it, for road managers; "
        "one that was never heard has no position. Reading it is written into the audit log.",
        "全端末の最終位置、送信間隔、時計のずれ、不調の理由。道路管理者用。一度も通信のない端末には位置がない。閲覧は"
        "監査記録に残る。",
        "devices", "vehicle_id", DEVICE, "Point", time=("last_fix_at", "last_fix_at"), is_public=False,
        tile_layer="devices",
    ),
    Collection(
        "disputes", "異議", "Disputes",
        "What people saw on a road that is not what the service told, beside what it told, and what was decided; each "
        "manager's key sees its own roads. Reading it is written into the audit log.",
        "表示と違うという住民からの知らせと、そのときの表示、判断。管理者の鍵では自分の管理道路の分が見える。閲覧は監査記録に残る。",
        "disputes", "dispute_id", DISPUTE, "LineString", time=("seen_at", "received_at"), is_public=False,
        is_by_manager=True, is_live=True,
    ),
)  # fmt: skip

#: Names of reference layers that we know; others go by their own name.
REFERENCE_TITLES: dict[str, tuple[str, str]] = {
    "coast": ("海岸線", "Coast"),
    "settlements": ("集落", "Settlements"),
    "rivers": ("河川", "Rivers"),
    "emergency_roads": ("緊急輸送道路", "Emergency transport roads"),
    "shelters": ("避難所", "Shelters"),
    "reported_closures": ("他機関の通行規制", "Reported closures"),
}


def reference_collection(layer: str) -> Collection:
    """The collection of a reference layer that has been published."""
    ja, en = REFERENCE_TITLES.get(layer, (layer, layer.replace("_", " ").capitalize()))
    return Collection(
        layer, ja, en, f"Reference layer {layer}.", f"参照レイヤ {ja}。", "reference", "feature_id", REFERENCE,
        "Geometry", has_attributes=True, tile_layer=layer,
    )  # fmt: skip


@cache
def collections(reference_layers: tuple[str, ...]) -> Mapping[str, Collection]:
    """All collections by id: the fixed ones, then each published reference layer that is none of them."""
    known = {collection.collection_id: collection for collection in COLLECTIONS}
    extra = {layer: reference_collection(layer) for layer in reference_layers if layer not in known}
    return MappingProxyType(known | extra)
