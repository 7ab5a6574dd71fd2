"""The words of daily reports, in Japanese, and what each figure means."""

from __future__ import annotations

from geo.holidays import DayKind
from geo.pay import NOTES_JA
from geo.report import SPAN_KINDS
from geo.settings_reports import ReportSettings
from geo.vocabulary import Treatment, WorkBasis

KINDS_JA = {word.value: word.ja for word in SPAN_KINDS}
TREATMENTS_JA = {word.value: word.ja for word in Treatment}
DAY_KINDS_JA = {word.value: word.ja for word in DayKind}
BASES_JA = {word.value: word.ja for word in WorkBasis}
#: How the contractor is known (geo.report_party.BASES).
CONTRACTOR_BASES_JA = {"assignment": "割当", "register": "車両台帳", "source": "データ源", "none": "未割当"}
PAY_NOTES_JA = NOTES_JA
#: What stands where nobody is known to be paid, and where a treatment is not named.
UNASSIGNED_JA, UNNAMED_JA = "未割当", "種別の申告なし"


def work_ja(work: str | None) -> str:
    """A kind of paid work in Japanese."""
    if work is None:
        return UNNAMED_JA
    return TREATMENTS_JA.get(work) or KINDS_JA[work]


def definitions(settings: ReportSettings) -> list[dict[str, str]]:
    """What each figure means: term, Japanese, meaning. They are printed with every report."""
    limit = f"{settings.confidence_min:g}"
    paid = "・".join(KINDS_JA[kind] for kind in settings.paid) or "なし"
    national = "国民の祝日、" if settings.calendar == "japan" else ""
    extra = f"、地域の休日（{'、'.join(map(str, settings.holidays))}）" if settings.holidays else ""
    holidays = (national.rstrip("、") or "設定した休日") + extra
    rows = [
        ("work_s", "作業走行", "作業をしながら区間を走った時間。根拠となる事実（作業走行）の通過時間の合計。"),
        ("deadhead_s", "回送", "作業をせずに走った時間。"),
        ("unknown_s", "作業不明", "走ったが作業の有無が分からない時間。支払額は算定しない。"),
        ("standing_s", "停車・道路外", "走行軌跡のうち、どの道路区間も走っていない時間（停車、構内、照合不能）。"),
        ("trace_s", "合計時間", "上の四つの合計。走行軌跡の長さと一致する。通信のない時間は含まない。"),
        ("unheard_s", "無通信", "運行の途中で測位点がない時間。合計時間には含まない。"),
        ("flagged_s", "要確認", f"作業走行のうち、確からしさが {limit} に満たない時間。隠さず、別に合計する。"),
        ("untimed_m", "時間不明の距離", "時刻が一つしかない作業線の距離。時間は分からない。"),
        ("trip", "運行", "基地を出てから戻るまで。日をまたぐ運行は、地方時の午前0時で二日に分ける。"),
        ("band", "時間帯", f"{'、'.join(settings.band_names)}。境をまたぐ走行は時間に比例して分ける。"),
        ("day_kind", "曜日区分", f"休日は日曜、{holidays}。夜間の作業は暦日で区分する。"),
        ("contractor", "受託者", "その時点の割当、次に車両台帳、次にデータ源の設定による。なければ未割当。"),
        ("amount_yen", "金額", f"対象は{paid}。明細ごとに時間×単価を求め、1円未満を四捨五入する。合計は明細の和。"),
        ("no_price", "単価なし", "単価表に該当する行がない。金額は0円ではなく、未算定。"),
        ("original", "訂正前", "人が訂正する前の、事実のとおりの値。事実そのものは書き換えない。"),
        ("is_provisional", "暫定", "走行軌跡がまだ閉じておらず、後で照合し直される。"),
        ("is_evidence_expired", "根拠期限切れ", "根拠の測位点は保存期間を過ぎて削除された。事実は残る。"),
    ]  # fmt: skip
    return [{"term": term, "ja": ja, "meaning": meaning} for term, ja, meaning in rows]
