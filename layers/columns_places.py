"""The columns of places, cameras, the priority network and buses."""

from __future__ import annotations

from geo.vocabulary import CameraProblem, FacilityKind
from layers.columns import AS_OF, NAME, SYNTHETIC, Column

NAME_EN = Column("name_en", "text", "英語の名称", "Name in English; null: none is known.")
SOURCE = Column("source", "text", "情報源", "Who delivers it.")
LICENCE = Column("licence", "text", "利用条件", "Licence; null: not told.")
ATTRIBUTION = Column("attribution", "text", "出典表示", "Whom to name; null: nobody is told.")
LAID = Column("laid_fraction", "number", "道路に重なる割合", "Share of it that lies on the network; null: no length.")
_SAID = (SOURCE, LICENCE, ATTRIBUTION, SYNTHETIC)
_FEED = (
    Column("feed_version", "text", "データの版", "Version of the feed; null: not told."),
    Column("valid_from", "text", "有効期間の開始", "First day of the feed, YYYY-MM-DD; null: not told."),
    Column("valid_to", "text", "有効期間の終了", "Last day of the feed, YYYY-MM-DD; null: not told."),
    Column("is_expired", "boolean", "期限切れ", "True: the feed's last day is over in local time; null: not told."),
)

FACILITY = (
    Column("place_id", "text", "施設ID", "Id of the place, the same after each import."),
    Column("kind", "text", "種別", "What it is.", tuple(word.value for word in FacilityKind)),
    Column("kind_ja", "text", "種別（日本語）", "The kind in Japanese."),
    Column("kind_en", "text", "種別（英語）", "The kind in English."),
    NAME, NAME_EN,
    Column("address", "text", "住所", "Address; null: not told."),
    Column("phone", "text", "電話番号", "Telephone; null: not told."),
    Column("opening", "text", "開設時間", "When it is open, as its source says it; null: not told."),
    Column("capacity", "integer", "収容人数", "How many it takes; null: not told."),
    *_SAID,
)  # fmt: skip
CAMERA = (
    Column("camera_id", "text", "カメラID", "Id of the camera, the same after each import."),
    NAME, NAME_EN,
    Column("road", "text", "路線", "Road that it looks at; null: not told."),
    Column("interval_s", "integer", "更新間隔", "Seconds between two pictures, as its register says."),
    Column("image", "text", "画像", "Path of the newest picture on this host; null: there is none to show."),
    Column("image_at", "moment", "画像の時刻", "The picture's own time; null: its server does not tell it."),
    Column("fetched_at", "moment", "取得時刻", "When the picture was last fetched or confirmed; null: never."),
    Column("changed_at", "moment", "画像の変化時刻", "Since when the picture is the same; null: never fetched."),
    Column("is_late", "boolean", "更新遅れ", "True: no picture of the last three intervals."),
    Column("problem", "text", "取得の問題", "Why the last try gave no picture, or none; null: not tried yet.",
           tuple(word.value for word in CameraProblem)),
    AS_OF, *_SAID,
)  # fmt: skip
PRIORITY_NETWORK = (
    Column("priority_id", "text", "路線ID", "Id of the line."),
    NAME,
    Column("network_class", "integer", "区分", "1 first, 2 second …; null: not told."),
    Column("class_name", "text", "区分（情報源の表記）", "The class as its source words it; null: not told."),
    Column("length_m", "number", "延長", "Length in metres as planned."),
    LAID, *_SAID,
)  # fmt: skip
BUS_STOP = (
    Column("stop_id", "text", "停留所ID", "Id of the stop: source and stop_id of its feed."),
    NAME, NAME_EN,
    Column("routes", "text", "系統", "Names of the routes that stop here; null: none does."),
    Column("departures_weekday", "number", "平日の便数", "Departures on the weekday with the most trips."),
    Column("departures_saturday", "number", "土曜の便数", "Departures on the Saturday with the most trips."),
    Column("departures_sunday", "number", "日曜の便数", "Departures on the Sunday with the most trips."),
    Column("agency", "text", "事業者", "Operators of the feed; null: not told."),
    *_FEED, *_SAID,
)  # fmt: skip
BUS_ROUTE = (
    Column("route_id", "text", "系統ID", "Id of the route: source and route_id of its feed."),
    NAME, NAME_EN,
    Column("short_name", "text", "系統番号", "Short name or number; null: none."),
    Column("route_type", "integer", "種類", "route_type of GTFS: 3 bus."),
    Column("agency", "text", "事業者", "Operator; null: not told."),
    Column("agency_en", "text", "事業者（英語）", "Operator in English; null: not told."),
    Column("trips_weekday", "number", "平日の便数", "Trips on the weekday with the most trips of the feed."),
    Column("trips_saturday", "number", "土曜の便数", "Trips on the Saturday with the most trips."),
    Column("trips_sunday", "number", "日曜の便数", "Trips on the Sunday with the most trips."),
    Column("shape_source", "text", "経路の根拠", "Whose line it is: the feed's shapes, made from its stops along the "
           "roads, or some of each.", ("shapes", "stops", "mixed", "none")),
    Column("length_m", "number", "延長", "Metres of all its lines."),
    LAID, *_FEED, *_SAID,
)  # fmt: skip
