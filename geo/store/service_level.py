"""The level of service of an event at a moment: targets from the plan, callouts from weather, facts and states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.completion import NEVER, Growth, completed_us, growth
from geo.coverage import PassFacts, clears
from geo.db import Row
from geo.end_slack import adjacent, with_end_slack
from geo.network import Network
from geo.service_level import (
    Service,
    ServiceRules,
    Standing,
    Targets,
    callout_of,
    completed_by_hand,
    deadline_after,
    judge,
)
from geo.settings import Settings
from geo.settings_service import ServiceClass
from geo.snow import OBSERVED, reached_us, snow_between
from geo.status import EdgeContext, EdgeStatus, Moment, assess
from geo.store.evidence import read_context, read_facts
from geo.store.service_areas import Area, Duty, EventSpan, Plan, read_duties, read_plan
from geo.store.status import status_rules
from geo.timeline import to_us
from geo.vocabulary import EventKind

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ServiceAt:
    """The level of service of every edge in an event at a moment, and what it was judged by.

    route, section       (E,) areas that hold each edge; -1: none
    callout_us, deadline_us  (A,) of each area; NEVER: not called out, or no target
    has_target           (A,)
    """

    span: EventSpan
    plan: Plan
    duties: list[Duty]
    facts: PassFacts
    context: EdgeContext
    status: EdgeStatus
    standing: Standing
    service: Service
    targets: Targets
    route: Ints
    section: Ints
    callout_us: Ints
    deadline_us: Ints
    has_target: Bools


def read_service(
    connection: psycopg.Connection[Row],
    network: Network,
    settings: Settings,
    span: EventSpan,
    known_at: datetime | None = None,
) -> ServiceAt:
    """Work the level of service out from facts. Writes nothing."""
    event, as_of = span.event, span.as_of
    plan = read_plan(connection, network)
    duties = read_duties(connection, plan, event.reference_at, as_of, known_at)
    facts, _ = read_facts(connection, network, event, as_of, known_at)
    context = read_context(connection, network, settings.states, event, as_of, known_at)
    rules, moment = status_rules(settings.status), Moment(to_us(event.reference_at), to_us(as_of), is_standing=False)
    status, _ = assess(facts, context, rules, moment)
    grown = grown_of(facts, context, rules.confidence_min, moment)
    route, section = plan.most(routes=True), plan.most(routes=False)
    callout, deadline, has_target = _asked(plan, route, section, context, settings, span)
    targets = _targets(plan, duties, route, section, (callout, deadline, has_target))
    completed = completed_us(grown, context.length_m, rules.covered_fraction_min)
    completed = completed_by_hand(completed, status.state, status.cleared_us)
    standing = Standing(status.state, status.reason, completed, context.length_m)
    service = judge(standing, grown, targets, service_rules(settings), moment.as_of_us)
    return ServiceAt(
        span, plan, duties, facts, context, status, standing, service, targets, route, section, callout, deadline,
        has_target,
    )  # fmt: skip


def service_rules(settings: Settings) -> ServiceRules:
    """The boundaries of a deployment."""
    minutes = timedelta(minutes=1) // timedelta(microseconds=1)
    progress, margin = settings.service.progress_min * minutes, settings.service.margin_min * minutes
    return ServiceRules(settings.status.covered_fraction_min, round(progress), round(margin))


def grown_of(facts: PassFacts, edges: EdgeContext, confidence_min: float, moment: Moment) -> Growth:
    """How coverage grew in an event, by the passes that count for states: geo.status.assess draws the same ones out."""
    facts = facts.select((facts.began_us >= moment.reference_us) & (facts.ended_us <= moment.as_of_us))
    counts = clears(facts) & (facts.confidence >= confidence_min)
    pairs = adjacent(facts, edges.edge_from, edges.edge_to)
    drawn = with_end_slack(facts, counts, pairs, edges.length_m)
    return growth(drawn, counts, edges.length_m, edges.passes_needed, edges.is_shared)


def target_of(area: Area, settings: Settings) -> ServiceClass | None:
    """What is asked of an area; its own time and depth win over those of its class. None: nothing."""
    service = settings.service
    told = service.classes.get(area.route_class or "") if area.is_route else service.sections
    if area.target_time is None and told is None:
        return None
    depth = area.callout_depth_cm if area.callout_depth_cm else told and told.callout_cm
    if area.target_time is not None:
        return ServiceClass(callout_cm=depth or None, deadline=area.target_time)
    assert told is not None
    return told.model_copy(update={"callout_cm": depth or None})


def _asked(
    plan: Plan, route: Ints, section: Ints, context: EdgeContext, settings: Settings, span: EventSpan
) -> tuple[Ints, Ints, Bools]:
    """Callout, deadline, and whether there is a target, of each area."""
    n = len(plan.areas)
    callout, deadline, has_target = np.full(n, NEVER), np.full(n, NEVER), np.zeros(n, np.bool_)
    own = np.where(route >= 0, route, section)
    at = np.flatnonzero(own >= 0)
    cells = np.unique(np.column_stack([own[at], context.snow_cell[at]]), axis=0)
    for i, area in enumerate(plan.areas):
        target = target_of(area, settings)
        if target is None:
            continue
        has_target[i] = True
        here = cells[cells[:, 0] == i, 1].astype(np.int32)
        callout[i] = _callout(target, here, context, span)
        if callout[i] == NEVER:
            continue
        if target.deadline is not None:
            deadline[i] = deadline_after(int(callout[i]), target.deadline, settings.timezone)
        elif target.hours is not None:
            deadline[i] = callout[i] + round(target.hours * 3.6e9)
    return callout, deadline, has_target


def _callout(target: ServiceClass, cells: NDArray[np.int32], context: EdgeContext, span: EventSpan) -> int:
    """When an area was called out: a callout is the order itself; in a storm the snow decides where it is known."""
    reference, as_of = to_us(span.event.reference_at), to_us(span.as_of)
    if span.event.kind is EventKind.CALLOUT or target.callout_cm is None or context.snow is None:
        return reference
    begin, end = np.full(len(cells), reference), np.full(len(cells), as_of)
    reached = reached_us(context.snow, cells, begin, np.full(len(cells), target.callout_cm))
    reached = np.where(reached > as_of, NEVER, reached)
    return callout_of(reached, snow_between(context.snow, cells, begin, end).basis == OBSERVED, reference)


def _targets(plan: Plan, duties: list[Duty], route: Ints, section: Ints, asked: tuple[Ints, Ints, Bools]) -> Targets:
    """What is asked of each edge: by its route; by its section where no route holds it.

    The unit whose progress tells of a risk is the route where machines are assigned to it, else the section.
    """
    callout, deadline, has_target = asked
    own = np.where(route >= 0, route, section)
    on = own >= 0
    works = np.zeros(len(plan.areas) + 1, np.bool_)
    works[[duty.area for duty in duties]] = True
    unit = np.where((route >= 0) & (works[route] | (section < 0)), route, section)
    return Targets(
        has_target=on & np.append(has_target, False)[own],
        callout_us=np.append(callout, NEVER)[own],
        deadline_us=np.append(deadline, NEVER)[own],
        unit=unit,
    )
