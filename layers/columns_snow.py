"""The columns of the collections on snow: snow on mesh cells, weather stations."""

from __future__ import annotations

from geo.vocabulary import SnowBasis
from layers.columns import AS_OF, NAME, SYNTHETIC, Column

_BASES = tuple(word.value for word in SnowBasis)

SNOW = (
    Column("cell", "integer", "メッシュ番号", "Number of the mesh cell."),
    Column("mesh_code", "text", "地域メッシュコード", "Code of the standard third mesh (JIS X 0410)."),
    Column("total_cm", "number", "降雪量（事象開始から）", "Snow since reference_at in cm; lower bound if partial."),
    Column("basis", "text", "根拠", "How total_cm is known.", _BASES),
    Column("fell_1h_cm", "number", "1時間降雪量", "Snow of the last hour in cm; null: missing."),
    Column("basis_1h", "text", "1時間降雪量の根拠", "How fell_1h_cm is known.", _BASES),
    Column("fell_6h_cm", "number", "6時間降雪量", "Snow of the last 6 hours in cm; null: missing."),
    Column("basis_6h", "text", "6時間降雪量の根拠", "How fell_6h_cm is known.", _BASES),
    Column("fell_24h_cm", "number", "24時間降雪量", "Snow of the last 24 hours in cm; null: missing."),
    Column("basis_24h", "text", "24時間降雪量の根拠", "How fell_24h_cm is known.", _BASES),
    Column("depth_cm", "number", "積雪深", "Depth of the snow in cm, from stations; null: none reported lately."),
    Column("event_id", "integer", "事象ID", "What total_cm counts from; null: no storm and no callout."),
    Column("reference_at", "moment", "基準時刻", "From when on total_cm counts; null: no storm and no callout."),
    Column("observed_at", "moment", "観測時刻", "Newest observation in reach; null: none within a day."),
    Column("age_s", "integer", "観測からの秒数", "Seconds from observed_at to now; null: none."),
    AS_OF, SYNTHETIC,
)  # fmt: skip
WEATHER_STATION = (
    Column("station_id", "integer", "観測所ID", "Id of the station here."),
    Column("external_id", "text", "観測所番号", "Its number at its source."),
    NAME,
    Column("source", "text", "情報源", "Who delivers its observations."),
    Column("elevation_m", "number", "標高", "Metres above the sea; null: not told."),
    Column("depth_cm", "number", "積雪深", "Last usable depth of the snow in cm; null: never one."),
    Column("depth_at", "moment", "積雪深の観測時刻", "When that was measured; null: never."),
    Column("fell_1h_cm", "number", "1時間降雪量", "Snow of the last hour in cm; null: missing."),
    Column("fell_6h_cm", "number", "6時間降雪量", "Snow of the last 6 hours in cm; null: missing."),
    Column("fell_24h_cm", "number", "24時間降雪量", "Snow of the last 24 hours in cm; null: missing."),
    Column("observed_at", "moment", "観測時刻", "Last usable word of the station; null: never one."),
    Column("age_s", "integer", "観測からの秒数", "Seconds from observed_at to now; null: never one."),
    SYNTHETIC,
)  # fmt: skip
