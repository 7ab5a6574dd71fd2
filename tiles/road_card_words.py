"""The sentences of the card of a road, Japanese and English, each from published facts: no clock, no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from geo.timeline import in_zone
from geo.vocabulary import InLine, NotYet, ServiceState, SnowBasis
from tiles.road_card_line import Work
from tiles.road_card_rules import Case, Standing

type Both = tuple[str, str]

#: Visits and works are told in steps of so many minutes.
STEP_MIN = 5
#: Confidence is a probability (DESIGN, contract 7): high where it may clear a road (status.confidence_min), fair from
#: here on.
FAIR = 0.7

MANAGER_EN = {
    "nation": "Nation", "prefecture": "Prefecture", "municipality": "Municipality", "other": "Other",
    "unknown": "Unknown",
}  # fmt: skip
CLASS_EN = {
    "expressway": "Expressway", "national": "National road", "major_prefectural": "Major prefectural road",
    "prefectural": "Prefectural road", "municipal_main": "Main municipal road", "municipal": "Municipal road",
    "service": "Other road", "unknown": "Unknown",
}  # fmt: skip
KIND_EN = {"pass": "clearing work", "deadhead": "passed without work", "unknown": "passed, work not known"}
BASIS = {
    "sensed": ("センサで確認", "seen by a sensor"), "declared": ("作業者の申告", "declared by the crew"),
    "assumed": ("走行から推定", "assumed from the drive"), "unknown": ("不明", "unknown"),
}  # fmt: skip
SOURCE = {
    "ploughs": ("除雪車の位置", "positions of ploughs"),
    "manager": ("道路管理者の入力", "entered by the road manager"),
    "none": ("まだ観測がない", "nothing observed yet"),
}
VISITS_NOTE = (
    "除雪基地と、運行の最初と最後の停車地から200 m以内の通過は公表しない。記録は機械が離れてから出る。",
    "What ploughs drive near depots and near the first and last stop of a shift is not published; a visit is told once "
    "its machine has gone on.",
)
VISITS_WITHHELD = ("この道路の記録は公表を停止している。", "Publication of visits is stopped on this road.")
VISITS_NOT_HELD = (
    "この時点の通過の記録は保存されていない（現在の事象の7日以内だけ）。",
    "Visits of that time are not kept: only those of the present event, and of seven days at most.",
)


def down(at: datetime) -> datetime:
    """The moment rounded down to whole steps."""
    return at - timedelta(minutes=at.minute % STEP_MIN, seconds=at.second, microseconds=at.microsecond)


def up(at: datetime) -> datetime:
    """The moment rounded up to whole steps."""
    lower = down(at)
    return lower if lower == at else lower + timedelta(minutes=STEP_MIN)


def clock(at: datetime, zone: str, beside: datetime) -> Both:
    """A moment on the clock of a zone, with its day where that is not the day of `beside`."""
    local = in_zone(at, zone)
    if local.date() == in_zone(beside, zone).date():
        return f"{local:%H:%M}", f"{local:%H:%M}"
    return f"{local.month}月{local.day}日{local:%H:%M}", f"{local:%H:%M} on {local.day} {local:%B}"


def confidence(value: float, high: float) -> Both:
    """A probability in words; high: from this one on it counts as such."""
    percent = int(100 * value)
    ja, en = ("高い", "high") if value >= high else ("ふつう", "fair") if value >= FAIR else ("低い", "low")
    return f"{ja}（{percent} %）", f"{en} ({percent} %)"


def snow(cm: float | None, basis: str | None) -> Both:
    """Snow since the clearing; what nobody observed is said and never zero."""
    if cm is None:
        return "その後の降雪は分からない（観測なし）", "not known how much has fallen since: no observations"
    if basis == SnowBasis.PARTIAL:
        return f"少なくとも{cm:.0f} cm", f"at least {cm:.0f} cm"
    return f"約{cm:.0f} cm", f"about {cm:.0f} cm"


def due(told: Mapping[str, Any], zone: str, moment: datetime) -> Both:
    """The target as it is set: class and time."""
    name = told["route_class"] or ""
    if told["target_at"] is not None:
        ja, en = clock(told["target_at"], zone, moment)
    elif told["target_time"] is not None:
        ja = en = f"{told['target_time']:%H:%M}"
    else:
        return (name or "目標時刻なし"), (name or "no target time")
    return f"{name}{'・' if name else ''}{ja}まで", f"{name}{', ' if name else ''}by {en}"


TARGET = {
    ServiceState.ACHIEVED: ("目標までに完了した", "done by its target"),
    ServiceState.LATE: ("目標より{n}分遅れて完了した", "done {n} min after its target"),
    ServiceState.MISSED: ("目標の時刻を過ぎ、まだ完了していない", "its target has passed, and it is not done"),
    ServiceState.AT_RISK: (
        "路線の進み方では、目標に間に合わないおそれがある", "may miss its target, by the progress on its route",
    ),
    ServiceState.PENDING: ("目標の時刻はまだ先", "its target is still ahead"),
    ServiceState.UNKNOWN: ("状態が分からないため、目標までに完了したか言えない",
                           "its state is unknown, so nobody can say whether it met its target"),
    ServiceState.NO_TARGET: ("目標の時刻は定められていない", "no target time is set"),
}  # fmt: skip
TARGET_UNKNOWN = ("目標に対する状況はまだ集計されていない", "how it stands against a target is not worked out yet")


def target(found: Standing | None, target_at: datetime | None) -> Both:
    """Where a direction stands against its target, in words; target_at None: the time for it has not begun."""
    if found is None:
        return TARGET_UNKNOWN
    if found.state is ServiceState.PENDING and target_at is None:
        return "出動の基準に達していないため、期限はまだない", "not called out yet, so its time has not begun"
    ja, en = TARGET[found.state]
    return ja.format(n=found.late_min), en.format(n=found.late_min)


def metres(work: Work) -> int:
    """Rounded up to whole 100 m, so that nobody waits at a metre."""
    return max(100, ceil(work.distance_m / 100) * 100)


def _before_it(case: Case, zone: str) -> Both:
    assert case.before is not None
    ja, en = clock(down(case.before.worked_at), zone, case.moment)
    far = metres(case.before)
    return (f"この路線の手前約{far} mの区間で、{ja}ごろ除雪車が作業した",
            f"a plough worked on this route about {far} m before here around {en}")  # fmt: skip


def _on_route(case: Case, zone: str) -> Both:
    assert case.newest_work is not None
    ja, en = clock(down(case.newest_work), zone, case.moment)
    return f"同じ路線の別の区間で、{ja}ごろ除雪車が作業した", f"a plough worked elsewhere on this route around {en}"


def _higher_class(case: Case, zone: str) -> Both:
    assert case.line is not None
    n, name = case.line.n_earlier, case.line.earlier_class
    return (
        f"同じ市町で、期限のより早い除雪路線{f'（{name}）' if name else ''}が{n}本、まだ終わっていない",
        f"{n} plough route{'s' if n > 1 else ''}{f' of class {name}' if name else ''} with an earlier deadline in this "
        f"municipality {'are' if n > 1 else 'is'} not done",
    )  # fmt: skip


def _partly(case: Case, zone: str) -> Both:
    covered, passed, n = (case.told[name] for name in ("covered_fraction", "passed_fraction", "passes_needed"))
    if n > 1:
        return (
            f"必要な作業は{n}回。1回以上は延長の{int(100 * passed)} %、必要な回数は{int(100 * covered)} %",
            f"needs {n} passes: {int(100 * passed)} % of its length has one, {int(100 * covered)} % all",
        )
    return f"延長の{int(100 * passed)} %だけ作業した", f"{int(100 * passed)} % of its length is worked on"  # fmt: skip


def _not_called_out(case: Case, zone: str) -> Both:
    cm = case.told["callout_depth_cm"]
    if cm is None:
        return "まだ出動の基準に達していない", "not called out yet"
    return f"まだ出動の基準（{cm:g} cm）に達していない", f"not called out yet: that takes {cm:g} cm of snow"


def _said(ja: str, en: str) -> Callable[[Case, str], Both]:
    return lambda case, zone: (ja, en)


WHY: dict[NotYet, Callable[[Case, str], Both]] = {
    NotYet.WITHHELD: _said("公表を停止している", "publication is stopped here"),
    NotYet.CLOSED: _said("通行止めになっている", "the road is closed to traffic"),
    NotYet.NO_PLAN: _said("どの除雪計画にも入っていない", "the road is on nobody's clearing plan"),
    NotYet.NO_EVENT: _said("対象となる降雪・出動がない", "there is no snowfall and no call-out at present"),
    NotYet.NOT_CALLED_OUT: _not_called_out,
    NotYet.SILENT: _said("割り当てられた除雪車からの通信が途絶えている", "an assigned plough has stopped reporting"),
    NotYet.NO_DEVICE: _said("割り当てられた除雪車に位置の端末がない", "an assigned plough has no position device"),
    NotYet.BEFORE_IT: _before_it,
    NotYet.ON_ROUTE: _on_route,
    NotYet.HIGHER_CLASS: _higher_class,
    NotYet.PARTLY: _partly,
    NotYet.WORN: _said("一度除雪したが、時間か雪のため今の状態を保証できない",
                       "it was cleared once; time or snow has taken that back"),
    NotYet.NOT_TOLD: _said("公表している情報からは分からない", "what is published does not tell"),
}  # fmt: skip


def why(word: NotYet, case: Case, zone: str) -> Both:
    """A word of the table of `not_yet` as a clause."""
    return WHY[word](case, zone)


def in_line_words(word: InLine, case: Case, zone: str, ahead_m: float) -> Both:
    """Where the direction lies from a plough at work, as a clause that promises nothing."""
    if word is InLine.AHEAD:
        ja, en = _before_it(case, zone)
        return f"{ja}。次にここへ来るとは限らない", f"{en}; it need not come here next"
    if word is InLine.NOT_YET:
        ja, en = _on_route(case, zone)
        return f"{ja}。手前{ahead_m / 1000:g} km以内ではない", f"{en}, not within {ahead_m / 1000:g} km before here"
    if word is InLine.NOBODY_KNOWS and case.line is None:
        return "除雪路線ではないため、順番は分からない", "it is on no plough route, so nobody can say"
    if word is InLine.NOBODY_KNOWS and case.line is None:
        return "除雪路線ではないため、順番は分からない", "it is on no plough route, so nobody can say"
    return {
        InLine.DONE: ("除雪が終わっている", "it is cleared"),
        InLine.HERE: ("いま除雪車が作業している", "a plough is at work here now"),
        InLine.NOBODY_KNOWS: (
            "この路線で作業中の除雪車は公表情報にない",
            "no plough at work on its route is published",
        ),
    }[word]
