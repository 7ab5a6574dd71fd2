"""The columns of the collections: name, type, Japanese name and meaning. Units are in the names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geo.vocabulary import (
    Manager,
    PassKind,
    Reason,
    Restriction,
    RoadClass,
    ServiceState,
    SnowBasis,
    State,
    Term,
    TraversalStatus,
    Treatment,
    WorkBasis,
)

type Kind = Literal["text", "integer", "number", "boolean", "time", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `values` is its closed list, or empty. `moment` is a point in time, `time` a clock time."""

    name: str
    kind: Kind
    ja: str
    description: str
    values: tuple[str, ...] = ()

    def schema(self) -> dict[str, object]:
        """As JSON Schema."""
        types = {"text": "string", "moment": "string", "time": "string"}
        schema: dict[str, object] = {
            "type": types.get(self.kind, self.kind),
            "title": self.ja,
            "description": self.description,
        }
        if self.kind == "moment":
            schema["format"] = "date-time"
        if self.kind == "time":
            schema["format"] = "time"
        if self.values:
            schema["enum"] = list(self.values)
        return schema


def _values(terms: type[Term]) -> tuple[str, ...]:
    return tuple(term.value for term in terms)


EDGE_ID = Column("edge_id", "integer", "リンクID", "Stable id of one direction of a road piece.")
PIECE_ID = Column("piece_id", "integer", "道路片ID", "Stable id of the road piece.")
NAME = Column("name", "text", "名称", "Name; null: none is known.")
ROUTE_NAME = Column("route", "text", "路線", "Administrative line of road, e.g. 国道8号; null: none.")
MANAGER = Column("manager", "text", "管理者", "Who is responsible for the road.", _values(Manager))
DIRECTION = Column(
    "direction", "text", "方向", "Along digitising (forward) or against it (backward).", ("forward", "backward")
)
MUNICIPALITY = Column("municipality", "text", "市町", "Municipality of the middle of the road; null: none.")
ROAD_CLASS = Column("road_class", "text", "道路種別", "Class of the road.", _values(RoadClass))
LENGTH = Column("length_m", "number", "延長", "Length in metres.")
ROUTE_ID = Column("route_id", "text", "除雪路線ID", "Plough route that holds most of the edge; null: none.")
SECTION_ID = Column("section_id", "text", "工区ID", "Work section that holds most of the edge; null: none.")
NETWORK = Column("network_version", "integer", "道路網の版", "Version of the road network.")
SYNTHETIC = Column("synthetic", "boolean", "合成データ", "True: made by the simulator, not observed.")
TREATMENT = Column("treatment", "text", "作業種別", "Kind of work; null: not told.", _values(Treatment))
BASIS = Column("work_basis", "text", "作業の根拠", "How we know that work was done.", _values(WorkBasis))
CONFIDENCE = Column("confidence", "number", "確からしさ", "Probability from 0 to 1 that it is as stated.")
AS_OF = Column("as_of", "moment", "時点", "Moment at which the answer holds.")
RESTRICTION = Column(
    "restriction",
    "text",
    "規制",
    "The strictest restriction of traffic that holds now; null: none.",
    _values(Restriction),
)
CLEARED = Column("cleared_fraction", "number", "除雪完了の割合", "Share of the edges' length that is cleared, 0 to 1.")
UNKNOWN = Column("unknown_fraction", "number", "不明の割合", "Share of the edges' length that is unknown, 0 to 1.")

ROAD = (
    EDGE_ID, PIECE_ID, NAME, ROUTE_NAME, MANAGER, DIRECTION, MUNICIPALITY, ROAD_CLASS,
    Column("is_oneway", "boolean", "一方通行", "True: the other direction is not open."),
    Column("level", "integer", "階層", "0 ground, above 0 bridge, below 0 tunnel."),
    Column("lanes", "integer", "車線数", "Lanes; null: not told."),
    Column("width_m", "number", "幅員", "Width in metres; null: not told."),
    LENGTH, ROUTE_ID, SECTION_ID,
    Column("is_priority_network", "boolean", "雪みちネットワーク路線", "True: at least half of it is kept open first."),
    Column("priority_class", "integer", "雪みちネットワーク路線の区分", "1 first, 2 second …; null: not told."),
    NETWORK, SYNTHETIC,
)  # fmt: skip
STATUS = (
    EDGE_ID, NAME, ROUTE_NAME, MANAGER, DIRECTION, MUNICIPALITY, ROAD_CLASS, LENGTH,
    Column("state", "text", "状態", "State of the carriageway at as_of.", _values(State)),
    Column("state_ja", "text", "状態（日本語）", "The state in Japanese."),
    Column("reason", "text", "理由", "Why it is unknown, or none.", _values(Reason)),
    Column("other_side", "text", "反対方向の状態", "State of the other direction; null: not open to traffic.",
           _values(State)),
    RESTRICTION,
    Column("is_corrected", "boolean", "手動訂正", "True: a road manager gave the state by hand."),
    Column("event_id", "integer", "事象ID", "What the state is relative to."),
    Column("reference_at", "moment", "基準時刻", "Passes before this moment do not count."),
    Column("cleared_at", "moment", "除雪時刻", "When the oldest stretch that the state rests on was cleared."),
    Column("cleared_age_s", "integer", "除雪からの秒数", "Seconds from cleared_at to as_of."),
    Column("valid_until", "moment", "有効期限", "From here on a clearing is unknown (expired)."),
    Column("observed_at", "moment", "観測時刻", "Last evidence of any kind; null: none."),
    AS_OF,
    Column("age_s", "integer", "観測からの秒数", "Age of the evidence: seconds from observed_at to as_of."),
    Column("covered_fraction", "number", "除雪範囲",
           "Share of the edge cleared since reference_at by as many passes as it needs, 0 to 1."),
    Column("passed_fraction", "number", "1回以上除雪した割合", "Share of it cleared by one pass at least, 0 to 1."),
    Column("passes_needed", "integer", "必要な作業回数", "Passes side by side that clear this direction."),
    TREATMENT,
    Column("spread_at", "moment", "散布時刻", "When all of it had been spread last; null: it was not."),
    Column("sidewalk_at", "moment", "歩道除雪時刻", "When its sidewalk had been cleared last; null: it was not."),
    Column("snow_since_cm", "number", "除雪後の降雪", "Snow since cleared_at in cm; a lower bound where snow_basis is "
           "partial; null: not known, which is not zero."),
    Column("snow_basis", "text", "降雪量の根拠", "How snow_since_cm is known; null: not cleared.", _values(SnowBasis)),
    BASIS, CONFIDENCE,
    Column("source", "text", "情報源", "Where the evidence comes from; null: none."),
    ROUTE_ID, SECTION_ID, NETWORK, SYNTHETIC,
)  # fmt: skip
PASS = (
    Column("pass_id", "integer", "作業走行ID", "Id of the stretch."),
    EDGE_ID, DIRECTION,
    Column("from_m", "number", "起点からの距離", "Begin in metres along digitising."),
    Column("to_m", "number", "終点までの距離", "End in metres along digitising."),
    Column("started_at", "moment", "開始時刻", "When the machine entered the stretch."),
    Column("ended_at", "moment", "終了時刻", "When it left the stretch."),
    Column("kind", "text", "走行種別", "With work, without, or not known.", _values(PassKind)),
    Column("status", "text", "照合", "Carried by fixes of its own (matched) or between two (inferred).",
           _values(TraversalStatus)),
    TREATMENT, BASIS, CONFIDENCE,
    Column("matcher_version", "text", "照合器の版", "Version of the map matcher."),
    NETWORK,
    Column("is_provisional", "boolean", "暫定", "True: the trace is open and will be matched again."),
    SYNTHETIC,
)  # fmt: skip
PLOUGH = (
    Column("plough_id", "text", "公開ID", "Public id, which changes with each shift."),
    Column("observed_at", "moment", "観測時刻", "Time of the position."),
    Column("age_s", "integer", "観測からの秒数", "Seconds from observed_at to now."),
    Column("is_silent", "boolean", "通信途絶", "True: it should have been heard again; it may be elsewhere by now."),
    Column("heading_deg", "number", "進行方向", "Degrees clockwise from north; null: not told."),
    TREATMENT, SYNTHETIC,
)  # fmt: skip
SERVICE_STATE = Column(
    "service_state", "text", "達成状況", "The worst that at least 5 % of the metres with a target are in.",
    _values(ServiceState),
)  # fmt: skip
SERVICE_AS_OF = Column("service_as_of", "moment", "達成状況の時点", "Moment that the level of service describes.")
#: Null in all of these: no storm and no callout is open, or publication is stopped for a part of it.
SERVICE = (
    Column("target_at", "moment", "期限", "By when it is to be open (first deadline); null: not called out."),
    SERVICE_STATE,
    Column("achieved_fraction", "number", "達成の割合", "Share of the edges' length complete in time, 0 to 1."),
    Column("late_fraction", "number", "遅れて達成した割合", "Share complete after the deadline."),
    Column("at_risk_fraction", "number", "遅れのおそれの割合", "Share that will be late at the rate observed."),
    Column("missed_fraction", "number", "期限超過の割合", "Share known not to be complete after the deadline."),
    SERVICE_AS_OF,
)
ROUTE = (
    Column("route_id", "text", "除雪路線ID", "Id of the plough route."),
    NAME,
    Column("route_class", "text", "路線区分", "Class of the plough route."),
    Column("manager", "text", "管理者", "Who is responsible for the route."),
    Column("target_time", "time", "目標時刻", "Local time at which the route is to be open; null: none."),
    Column("callout_depth_cm", "number", "出動基準", "Snow depth of the order to go out, cm; null: none."),
    Column("is_priority_network", "boolean", "重点路線", "True: kept open first."),
    LENGTH, CLEARED, UNKNOWN, *SERVICE, AS_OF, SYNTHETIC,
)  # fmt: skip
WORK_SECTION = (
    Column("section_id", "text", "工区ID", "Id of the work section."),
    NAME,
    Column("manager", "text", "管理者", "Who is responsible for the section."),
    LENGTH, CLEARED, UNKNOWN, *SERVICE, AS_OF, SYNTHETIC,
)  # fmt: skip
REFERENCE = (
    Column("feature_id", "text", "ID", "Id of the feature in its layer."),
    NAME, SYNTHETIC,
)  # fmt: skip
DEVICE = (
    Column("vehicle_id", "integer", "車両ID", "Id of the machine."),
    Column("source", "text", "情報源", "Source of its fixes; null: not told."),
    Column("vehicle", "text", "車両", "Name of the machine at its source."),
    Column("contractor", "text", "業者", "Who it is assigned to now; null: nobody."),
    Column("last_fix_at", "moment", "最終測位時刻", "Time of its last fix; null: never heard."),
    Column("silent_s", "integer", "無通信の秒数", "Seconds from its last fix to now; null: never heard."),
    Column("last_received_at", "moment", "最終受信時刻", "When something of it came in last; null: not known."),
    Column("agreed_cadence_s", "number", "取り決めの送信間隔", "Seconds between two fixes, as agreed; null: none."),
    Column("cadence_s", "number", "実際の送信間隔", "Seconds between two fixes on the move; null: too few yet."),
    Column("clock_skew_s", "number", "時計のずれ", "Seconds its clock is behind; negative: ahead; null: not known."),
    Column("is_sick", "boolean", "不調", "Whether there is any reason to look at it."),
    Column("reasons", "text", "不調の理由", "Words of DeviceReason with a comma between them; empty: none."),
    Column("reasons_ja", "text", "不調の理由（日本語）", "The reasons in Japanese."),
    Column("is_called_out", "boolean", "出動対象", "Whether its machine is to be out now; null: not known."),
    Column("is_working", "boolean", "作業中", "Whether it worked then; null: nobody can tell."),
    SYNTHETIC,
)  # fmt: skip
