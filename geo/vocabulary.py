"""The closed lists of the house, in code, SQL and JSON alike, each with its Japanese name.

`docs/vocabulary.md` explains every word; a test keeps it, this file and the SQL check constraints in step.
"""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A word of a closed list; `ja` is its Japanese name."""

    ja: str

    def __new__(cls, value: str, ja: str = "") -> Term:
        member = str.__new__(cls, value)
        member._value_ = value
        member.ja = ja
        return member


class State(Term):
    """State of a carriageway relative to an event."""

    CLEARED = "cleared", "除雪完了"
    CLEARING = "clearing", "除雪中"
    UNCLEARED = "uncleared", "未除雪"
    UNKNOWN = "unknown", "不明"


class Reason(Term):
    """Why a state is unknown, or what qualifies it."""

    NONE = "none", ""
    NO_EVENT = "no_event", "対象となる降雪・出動がない"
    NOT_ON_PLAN = "not_on_plan", "除雪計画の対象外"
    NO_DEVICE = "no_device", "位置情報端末のある機械が割り当てられていない"
    SILENT = "silent", "割当機械からの通信が途絶えている"
    UNMATCHED = "unmatched", "測位点を道路に照合できない"
    EXPIRED = "expired", "除雪から時間が経過し現状を保証できない"
    WORK_UNKNOWN = "work_unknown", "通過したが作業の有無が分からない"
    LOW_CONFIDENCE = "low_confidence", "照合の確からしさが足りない"
    SNOWED_OVER = "snowed_over", "除雪後の降雪が基準を超えた"
    CLOSED = "closed", "通行止め"
    WITHHELD = "withheld", "公表を停止している"


class DeviceReason(Term):
    """Why a device needs somebody to look at it."""

    NEVER_HEARD = "never_heard", "一度も通信がない"
    SILENT = "silent", "通信が途絶えている"
    OVERDUE = "overdue", "通信が予定より遅れている"
    SLOW_CADENCE = "slow_cadence", "送信間隔が取り決めより長い"
    GAPS = "gaps", "走行中に通信の途切れがある"
    LATE_UPLOAD = "late_upload", "記録が後からまとめて届く"
    CLOCK_AHEAD = "clock_ahead", "端末の時計が進んでいる"
    CLOCK_BEHIND = "clock_behind", "端末の時計が遅れているか、送信が常に遅れている"
    WRONG_ZONE = "wrong_zone", "時刻に時差の誤りがある"
    FROZEN_POSITION = "frozen_position", "走行中なのに位置が動かない"
    JUMPING = "jumping", "位置が飛ぶ"
    POOR_ACCURACY = "poor_accuracy", "測位の精度が悪い"


class Treatment(Term):
    """作業種別: the kind of work of a pass."""

    FRESH_SNOW_PLOWING = "fresh_snow_plowing", "新雪除雪"
    SURFACE_GRADING = "surface_grading", "路面整正"
    COMPACTED_SNOW_REMOVAL = "compacted_snow_removal", "圧雪処理"
    WIDENING = "widening", "拡幅除雪"
    HAULAGE = "haulage", "運搬排雪"
    ANTI_ICING = "anti_icing", "凍結防止剤散布"
    ABRASIVE_SPREADING = "abrasive_spreading", "すべり止め材散布"
    SIDEWALK_CLEARING = "sidewalk_clearing", "歩道除雪"


#: Treatments that take snow off the carriageway; the others do not make it 除雪完了.
CLEARING_TREATMENTS = frozenset(
    {
        Treatment.FRESH_SNOW_PLOWING,
        Treatment.SURFACE_GRADING,
        Treatment.COMPACTED_SNOW_REMOVAL,
        Treatment.WIDENING,
        Treatment.HAULAGE,
    }
)


class WorkBasis(Term):
    """How we know that work was done; `unknown` never yields cleared."""

    SENSED = "sensed", "センサ"
    DECLARED = "declared", "申告"
    ASSUMED = "assumed", "仮定"
    UNKNOWN = "unknown", "不明"


class PassKind(Term):
    """作業走行, 回送, or a traversal whose work state nobody can tell."""

    PASS = "pass", "作業走行"
    DEADHEAD = "deadhead", "回送"
    UNKNOWN = "unknown", "作業不明"


class TraversalStatus(Term):
    """Whether fixes of its own carry the traversal."""

    MATCHED = "matched", "照合"
    INFERRED = "inferred", "推定"
    UNMATCHED = "unmatched", "照合不能"


class EventKind(Term):
    """What a state is relative to."""

    STORM = "storm", "降雪"
    CALLOUT = "callout", "出動"
    STANDING = "standing", "常時監視"


class AmendmentCause(Term):
    """履歴の再計算の原因: why facts of a past changed that had been told already."""

    LATE_DATA = "late_data", "遅れて届いた測位"
    NETWORK = "network", "道路ネットワークの更新"
    CLOSED_TRACE = "closed_trace", "走行終了後の再照合"
    CORRECTION = "correction", "照合方法の更新"


class Restriction(Term):
    """規制: what an order of a road manager says of traffic on an edge, the strictest first."""

    CLOSED = "closed", "通行止め"
    WINTER_CLOSED = "winter_closed", "冬期通行止め"
    ONE_LANE = "one_lane", "片側交互通行"
    CHAINS = "chains", "チェーン規制"
    WINTER_TYRES = "winter_tyres", "冬用タイヤ規制"


class OrderKind(Term):
    """指示: what a road manager enters by hand; it wins over every inference."""

    RESTRICTION = "restriction", "規制"
    CORRECTION = "correction", "状態の訂正"
    PUBLICATION_STOP = "publication_stop", "公表停止"


class ServiceState(Term):
    """除雪水準の達成状況: where an edge stands against its target."""

    ACHIEVED = "achieved", "達成"
    PENDING = "pending", "期限前"
    AT_RISK = "at_risk", "遅れのおそれ"
    LATE = "late", "遅れて達成"
    MISSED = "missed", "期限超過"
    UNKNOWN = "unknown", "不明"
    NO_TARGET = "no_target", "目標なし"


class NotYet(Term):
    """未完了の事情: published facts that stand beside a direction that is not cleared (docs/road-card.md)."""

    WITHHELD = "withheld", "公表を停止している"
    CLOSED = "closed", "通行止め"
    NO_PLAN = "no_plan", "除雪計画の対象外"
    NO_EVENT = "no_event", "対象となる降雪・出動がない"
    NOT_CALLED_OUT = "not_called_out", "出動の基準に達していない"
    SILENT = "silent", "割当機械からの通信が途絶えている"
    NO_DEVICE = "no_device", "位置情報端末のある機械が割り当てられていない"
    BEFORE_IT = "before_it", "手前の区間で作業した"
    ON_ROUTE = "on_route", "同じ路線で作業している"
    HIGHER_CLASS = "higher_class", "期限の早い路線が終わっていない"
    PARTLY = "partly", "一部だけ除雪した"
    WORN = "worn", "除雪後に時間がたつか雪が積もった"
    NOT_TOLD = "not_told", "公表している情報からは分からない"


class InLine(Term):
    """順番: where a direction lies from a plough at work on its route (docs/road-card.md)."""

    DONE = "done", "除雪済み"
    HERE = "here", "作業中"
    AHEAD = "ahead", "除雪車の先"
    NOT_YET = "not_yet", "まだ"
    NOBODY_KNOWS = "nobody_knows", "分からない"


class PlanState(Term):
    """計画の実施状況: what became of a planned pass."""

    DONE = "done", "実施"
    PARTLY = "partly", "一部実施"
    NOT_DONE = "not_done", "未実施"
    UNKNOWN = "unknown", "不明"
    PENDING = "pending", "期間中"


class SnowBasis(Term):
    """降雪量の根拠: how the snow since a clearing is known."""

    OBSERVED = "observed", "観測値の内挿"
    PARTIAL = "partial", "一部欠測（下限値）"
    MISSING = "missing", "欠測"


class RasterKind(Term):
    """ラスタの種別: what the pixels of a raster are."""

    DRONE = "drone", "ドローン空撮"
    SNOW_DEPTH = "snow_depth", "積雪深"
    HILLSHADE = "hillshade", "陰影起伏"
    OTHER = "other", "その他"


class FacilityKind(Term):
    """施設の種別: what a place is that people and the order of clearing look for."""

    HOSPITAL = "hospital", "病院"
    EMERGENCY_HOSPITAL = "emergency_hospital", "救急病院"
    FIRE_STATION = "fire_station", "消防署"
    POLICE_STATION = "police_station", "警察署"
    SHELTER = "shelter", "指定避難所"
    EMERGENCY_SITE = "emergency_site", "指定緊急避難場所"
    SCHOOL = "school", "学校"
    CARE_HOME = "care_home", "介護施設"
    TOWN_HALL = "town_hall", "役場"
    SNOW_DUMP = "snow_dump", "雪捨て場"
    OTHER = "other", "その他"


class CameraProblem(Term):
    """カメラ画像の取得の問題: why the last try to fetch a picture gave none."""

    NONE = "none", ""
    NOT_ALLOWED = "not_allowed", "許可されていない場所"
    UNREACHABLE = "unreachable", "カメラのサーバーにつながらない"
    REFUSED = "refused", "カメラのサーバーが画像を返さない"
    MOVED = "moved", "画像の場所が変わっている"
    TOO_LARGE = "too_large", "画像が大きすぎる"
    NO_IMAGE = "no_image", "画像ではないものが返った"
    UNREADABLE = "unreadable", "画像が壊れている"


class Manager(Term):
    """管理者: who is responsible for the road."""

    NATION = "nation", "国"
    PREFECTURE = "prefecture", "県"
    MUNICIPALITY = "municipality", "市町"
    OTHER = "other", "その他"
    UNKNOWN = "unknown", "不明"


class RoadClass(Term):
    """Road class, from the national expressway down; codes sort by importance."""

    EXPRESSWAY = "expressway", "高速自動車国道"
    NATIONAL = "national", "一般国道"
    MAJOR_PREFECTURAL = "major_prefectural", "主要地方道"
    PREFECTURAL = "prefectural", "一般県道"
    MUNICIPAL_MAIN = "municipal_main", "幹線市町道"
    MUNICIPAL = "municipal", "市町道"
    SERVICE = "service", "その他の道路"
    UNKNOWN = "unknown", "不明"


#: Position of each class in arrays and its lowest tile zoom follow this order.
ROAD_CLASSES: tuple[RoadClass, ...] = tuple(RoadClass)
