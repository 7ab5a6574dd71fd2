"""The level of service on a real PostGIS: the example of docs/service-level.md, callouts by snow, sums, corrections."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from geo.db import Database, Role
from geo.errors import InputError, NotFoundError
from geo.service_level import SERVICE_STATES
from geo.settings_service import ServiceClass, ServiceSettings
from geo.snow import SnowSeries
from geo.status import REASONS
from geo.store import service_level
from geo.store.service_areas import event_span
from geo.store.service_level import ServiceAt, read_service
from geo.store.service_sums import KINDS, ServiceRow, refresh_service, service_rows
from geo.timeline import from_us, to_us
from geo.vocabulary import EventKind, ServiceState
from tests.geo.store.service_town import DOWN, SEVEN, STORM_AT, T0, UP, ServiceTown, drive, hours, make_town

type Give = Callable[..., int]


@pytest.fixture
def town(database: Database, give_roads: Give, tmp_path: Path) -> ServiceTown:
    """The street, in a storm."""
    made = make_town(database, give_roads, tmp_path)
    made.storm()
    return made


def look(town: ServiceTown, as_of: datetime) -> ServiceAt:
    town.match()
    with town.database.connect(Role.ENGINE) as connection:
        span = event_span(connection, town.event_id, as_of, as_of)
        return read_service(connection, town.network, town.settings, span)


def states(town: ServiceTown, found: ServiceAt) -> dict[str, str]:
    names = [name + way for name in "abcd" for way in "><"]
    return {name: str(SERVICE_STATES[found.service.state[town.edge(name)]]) for name in names}


def row(found: ServiceAt, kind: str, name: str) -> ServiceRow:
    return next(one for one in service_rows(found, kind) if one.name == name)


def test_a_night_on_a_route_from_pending_to_late(town: ServiceTown, give_fixes: Give) -> None:
    """The example of the docs: open by 07:00, two directions of two roads, one machine."""
    vehicle = give_fixes("plough 1", drive(T0 - hours(0.1), 0, 75, UP))
    town.route("1", "ab", vehicle)
    early = look(town, T0)
    assert states(town, early) == {
        "a>": "pending", "a<": "pending", "b>": "pending", "b<": "pending",
        "c>": "no_target", "c<": "no_target", "d>": "no_target", "d<": "no_target",
    }  # fmt: skip
    assert early.deadline_us[0] == to_us(SEVEN)
    give_fixes("plough 1", drive(SEVEN - hours(0.5), 0, 1000, DOWN))
    give_fixes("plough 1", drive(SEVEN + timedelta(minutes=2), 1000, 500, DOWN))
    at_risk = look(town, SEVEN - timedelta(minutes=10))
    # 1,000 m of 2,000 in the last hour: 950 more would take 57 minutes
    assert states(town, at_risk)["a>"] == states(town, at_risk)["b>"] == "achieved"
    assert states(town, at_risk)["a<"] == states(town, at_risk)["b<"] == "at_risk"
    assert at_risk.service.needed_min[town.edge("a<")] == pytest.approx(57, abs=1.5)
    after = look(town, SEVEN + timedelta(minutes=10))
    assert {name: states(town, after)[name] for name in ("a>", "b>", "b<", "a<")} == {
        "a>": "achieved", "b>": "achieved", "b<": "late", "a<": "missed",
    }  # fmt: skip
    whole = row(after, "route", "1")
    assert whole.metres["achieved"] == pytest.approx(1000, abs=1)
    assert (whole.metres["late"], whole.metres["missed"]) == pytest.approx((500, 500), abs=1)
    assert whole.late_median_min == whole.late_worst_min == pytest.approx(2 + 100 / 60, abs=0.2)
    assert (whole.service_state, whole.target_at) == (ServiceState.MISSED, SEVEN)
    assert (whole.share("achieved"), whole.share("missed")) == pytest.approx((0.5, 0.25), abs=1e-3)


def test_what_nobody_can_tell_is_unknown_with_its_reason(town: ServiceTown, give_fixes: Give) -> None:
    town.route("1", "ab", None)
    town.route("2", "cd", give_fixes("plough 2", drive(T0 - hours(1), 1000, 1100, UP)))
    found = look(town, SEVEN + hours(1))
    reasons = {name: str(REASONS[found.service.reason[town.edge(name)]]) for name in ("a>", "c>")}
    assert set(states(town, found).values()) == {"unknown"}
    assert reasons == {"a>": "no_device", "c>": "silent"}
    assert row(found, "all", "all").metres["unknown"] == pytest.approx(4000, abs=1)


def test_a_clearing_that_was_snowed_in_or_ran_out_was_achieved_all_the_same(
    town: ServiceTown, give_fixes: Give
) -> None:
    town.route("1", "ab", give_fixes("plough 1", drive(T0, 0, 1000, DOWN)))
    found = look(town, T0 + hours(30))
    assert states(town, found)["a>"] == "achieved"
    assert str(REASONS[found.status.reason[town.edge("a>")]]) == "expired"


def test_targets_come_from_the_route_then_its_class_then_nowhere(town: ServiceTown) -> None:
    classes = {"第2種": ServiceClass(hours=3), "第3種": ServiceClass(deadline="08:30")}
    town.settings = town.settings.model_copy(update={"service": ServiceSettings(classes=classes)})
    town.route("1", "a", target="06:15", route_class="第2種")
    town.route("2", "b", target=None, route_class="第2種")
    town.route("3", "c", target=None, route_class="第3種")
    town.route("4", "d", target=None, route_class="第4種")
    found = look(town, T0)
    due = [None if us < 0 else from_us(int(us)) for us in found.deadline_us]
    assert due == [SEVEN - hours(0.75), STORM_AT + hours(3), SEVEN + hours(1.5), None]
    assert found.has_target.tolist() == [True, True, True, False]
    assert states(town, found)["d>"] == "no_target"


def test_sections_have_the_target_of_the_settings_and_give_way_to_routes(town: ServiceTown, give_fixes: Give) -> None:
    vehicle = give_fixes("plough 1", drive(T0, 500, 1500, DOWN))
    town.route("K", "abc", vehicle, kind="section", contractor="市の業者")
    town.route("1", "a", vehicle)
    assert states(town, look(town, SEVEN + hours(1)))["b>"] == "no_target"
    town.settings = town.settings.model_copy(update={"service": ServiceSettings(sections=ServiceClass(hours=2.02))})
    found = look(town, SEVEN + hours(1))
    assert {name: states(town, found)[name] for name in ("a>", "b>", "c>", "d>")} == {
        "a>": "unknown", "b>": "late", "c>": "late", "d>": "no_target",
    }  # fmt: skip
    section = row(found, "section", "K")
    assert section.length_m == pytest.approx(3000, abs=1)
    assert section.target_at == STORM_AT + hours(2.02)
    by = {one.name: one.length_m for one in service_rows(found, "contractor")}
    # the machines of both are on road a: each contractor answers for it
    assert by == pytest.approx({"北陸建設": 1000, "市の業者": 3000}, abs=1)
    assert {one.name for one in service_rows(found, "manager")} == {"prefecture", "municipality"}
    assert {one.name for one in service_rows(found, "office")} == {"金沢土木", "unknown"}


def _series(cells: np.ndarray, begin: datetime, cm_per_h: float, missing: bool = False) -> SnowSeries:
    """Snow that falls evenly for twelve hours."""
    t = to_us(begin) + np.arange(13) * 3_600_000_000
    total = np.repeat(np.arange(13)[:, None] * cm_per_h, len(cells), axis=1).astype(np.float32)
    unseen = np.repeat((t - t[0])[:, None], len(cells), axis=1) if missing else np.zeros((13, len(cells)), np.int64)
    return SnowSeries(cells, t, total, unseen)


@pytest.mark.parametrize(
    ("kind", "cm_per_h", "missing", "callout"),
    [
        (EventKind.STORM, 4.0, False, STORM_AT + hours(1.25)),
        # less than the depth: not called out
        (EventKind.STORM, 0.1, False, None),
        # nobody knows how much fell: the begin of the event
        (EventKind.STORM, 0.0, True, STORM_AT),
        # a callout is the order itself
        (EventKind.CALLOUT, 4.0, False, STORM_AT),
    ],
)
def test_the_snow_calls_out_where_it_is_known(
    town: ServiceTown,
    monkeypatch: pytest.MonkeyPatch,
    kind: EventKind,
    cm_per_h: float,
    missing: bool,
    callout: datetime | None,
) -> None:
    town.route("1", "ab", None, depth_cm=5.0)
    town.storm(kind)
    read = service_level.read_context

    def snowing(*given: object) -> object:
        context = read(*given)  # type: ignore[arg-type]
        series = _series(np.unique(context.snow_cell), STORM_AT, cm_per_h, missing)
        return dataclasses.replace(context, snow=series)

    monkeypatch.setattr(service_level, "read_context", snowing)
    found = look(town, T0 + hours(1))
    told = row(found, "route", "1")
    assert told.callout_at == callout
    assert told.target_at == (None if callout is None else SEVEN)
    assert states(town, found)["a>"] == ("pending" if callout is None else "unknown")


def test_sums_are_written_once_and_replaced(town: ServiceTown, give_fixes: Give) -> None:
    town.route("1", "ab", give_fixes("plough 1", drive(T0, 0, 1000, DOWN)))
    town.match()
    for as_of in (T0 + hours(0.5), SEVEN + hours(1)):
        n = refresh_service(town.database, town.network, town.settings, as_of)
        with town.database.connect(Role.ENGINE) as connection:
            rows = connection.execute("SELECT kind, as_of, length_m, achieved_m FROM ops.service_level").fetchall()
        assert len(rows) == n == 5
        assert {r[0] for r in rows} == set(KINDS) - {"section"}
        assert {r[1] for r in rows} == {as_of}
        assert {round(r[2]) for r in rows} == {2000}
        assert {round(r[3]) for r in rows} == {1000}
    with town.database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.event SET closed_at = %s WHERE event_id = %s", (SEVEN, town.event_id))
    assert refresh_service(town.database, town.network, town.settings, SEVEN + hours(2)) == 0


def test_events_are_named_or_found_and_the_standing_watch_asks_nothing(town: ServiceTown) -> None:
    with town.database.connect(Role.ENGINE) as connection:
        assert event_span(connection, None, None, T0).event.event_id == town.event_id
        with pytest.raises(InputError, match="standing watch"):
            event_span(connection, None, STORM_AT - hours(1), T0)
        with pytest.raises(NotFoundError, match="No event"):
            event_span(connection, 999, None, T0)
        with pytest.raises(InputError, match="begins at"):
            event_span(connection, town.event_id, STORM_AT, T0)
        connection.execute("UPDATE ops.event SET closed_at = %s WHERE event_id = %s", (SEVEN, town.event_id))
        assert event_span(connection, town.event_id, None, T0 + hours(99)).as_of == SEVEN


def test_an_unknown_sum_is_refused(town: ServiceTown) -> None:
    with pytest.raises(InputError, match="no sum"):
        service_rows(look(town, T0), "country")
