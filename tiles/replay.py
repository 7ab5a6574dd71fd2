"""A storm for replay: how it stood at the begin, and every change after, in one packed answer or its JSON twin."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.errors import InputError, NotFoundError
from geo.vocabulary import EventKind, Reason
from tiles.answers import THOROUGH, compact, pack_for, respond, zulu
from tiles.caching import etag_of, stale_headers
from tiles.dataset import Dataset, read_dataset
from tiles.forms import PACKED, Form, form_of
from tiles.packed import REPLAY, pack, record_columns, steps
from tiles.parameters import BIGINT_MAX, refuse_unknown
from tiles.past import OPEN_S, SETTLED_S, Held, Span, moment_of, read_past, spans_of
from tiles.present import read_index
from tiles.service import Service, service_of
from tiles.states import CHARS, COLUMNS, NO_MOMENT, REASONS, STATES, STEP_S, Index, Records

router = APIRouter(tags=["status"])

type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Changes:
    """n changes in order of time and, of one moment, of position; at_s: seconds since the epoch."""

    at_s: Ints
    place: Ints
    records: Records


def changes_of(held: Held, hidden: Ints, reason: str, from_s: int, to_s: int) -> Changes:
    """What changes when, from spans of states: the first moment is from_s and tells all that is not by default.

    held    states of the event; what begins or ends before to_s is told
    hidden  positions of edges that are withheld now: they are so from the first moment on
    """
    # what is over within a second, or with the first moment, was never seen
    is_seen = (held.end_s == NO_MOMENT) | (held.end_s > np.maximum(held.begin_s, from_s))
    held = held.take(is_seen & (held.begin_s < to_s))
    ends = (held.end_s != NO_MOMENT) & (held.end_s < to_s)
    n_ends = int(ends.sum())
    told = _joined(
        Records.unknown(n_ends, reason),
        held.records.rounded(),
        Records.unknown(len(hidden), Reason.WITHHELD.value),
    )
    place = np.concatenate([held.place[ends], held.place, hidden])
    at_s = np.concatenate([held.end_s[ends], np.maximum(held.begin_s, from_s), np.full(len(hidden), from_s)])
    order = np.lexsort((np.arange(len(at_s)) >= n_ends, at_s, place))
    at_s, place, told = at_s[order], place[order], told.take(order)
    # of one edge and moment the last word counts, and what says the same as before is no change
    is_last = np.append((place[1:] != place[:-1]) | (at_s[1:] != at_s[:-1]), True)[: len(place)]
    at_s, place, told = at_s[is_last], place[is_last], told.take(is_last)
    is_first = np.append(True, place[1:] != place[:-1])[: len(place)]
    is_new = ~_same_as_before(told) | is_first
    is_new &= ~(is_first & told.is_default(reason))
    at_s, place, told = at_s[is_new], place[is_new], told.take(is_new)
    order = np.lexsort((place, at_s))
    return Changes(at_s[order], place[order], told.take(order))


def _joined(*parts: Records) -> Records:
    return Records(*(np.concatenate([getattr(part, name) for part in parts]) for name in Records.__slots__))


def _same_as_before(records: Records) -> NDArray[np.bool_]:
    same = np.ones(len(records), np.bool_)
    for name in Records.__slots__:
        values = getattr(records, name)
        same[1:] &= values[1:] == values[:-1]
    same[:1] = False
    return same


def _frames(changes: Changes, from_s: int) -> tuple[Ints, Ints]:
    """(moments, number of changes) of each frame; the first is from_s even where it tells nothing."""
    moments, counts = np.unique(changes.at_s, return_counts=True)
    if not len(moments) or moments[0] != from_s:
        return np.insert(moments, 0, from_s), np.insert(counts, 0, 0)
    return moments, counts


def pack_replay(head: dict[str, Any], n_edges: int, changes: Changes, from_s: int) -> bytes:
    """A replay of all edges of the index."""
    moments, counts = _frames(changes, from_s)
    starts = np.cumsum(counts) - counts
    before = np.concatenate([[-1], changes.place[:-1]])[: len(changes.place)]
    before[starts[counts > 0]] = -1
    kinds, columns = record_columns(changes.records, changes.at_s // STEP_S)
    told = {
        "n_edges": n_edges, "base_at": from_s, "step_s": STEP_S, "reasons": REASONS, "kinds": kinds,
        "n_frames": len(moments), "n_changes": len(changes.place),
    }  # fmt: skip
    frames = {"frame_wait": np.diff(moments, prepend=from_s), "frame_n": counts}
    return pack(REPLAY, head | told, frames | steps("edge", changes.place - before - 1) | columns)


def replay_document(head: dict[str, Any], index: Index, changes: Changes, from_s: int) -> dict[str, Any]:
    """The JSON twin of a replay."""
    moments, counts = _frames(changes, from_s)
    r, ends = changes.records, np.cumsum(counts)
    chars, frames = [CHARS[word] for word in STATES], []
    for moment, end, n in zip(moments.tolist(), ends.tolist(), counts.tolist(), strict=True):
        at = slice(end - n, end)
        seconds = [
            np.where(t == NO_MOMENT, NO_MOMENT, t - from_s).tolist()
            for t in (r.cleared[at], r.valid[at], r.observed[at])
        ]
        state = "".join(chars[code] for code in r.state[at])
        values = (state, r.reason[at].tolist(), *seconds, r.covered[at].tolist())
        edges = index.edge_id[changes.place[at]].tolist()
        frames.append({"at_s": moment - from_s, "edge_id": edges} | dict(zip(COLUMNS, values, strict=True)))
    return head | {"n_edges": len(index.edge_id), "base_at": from_s, "reasons": REASONS, "frames": frames}


@dataclass(frozen=True, slots=True)
class Cut:
    """What of an event is asked for: from the first moment to the last; `spans`: where it is told."""

    spans: tuple[Span, ...]
    from_at: datetime
    to_at: datetime


def _last_minute(dataset: Dataset) -> datetime:
    """The end of what is told of an event that goes on: a whole minute, so that all who ask in it share an answer."""
    return dataset.as_of.replace(second=0, microsecond=0)


def cut_of(spans: list[Span], dataset: Dataset, asked: dict[str, datetime]) -> Cut:
    """The asked part of an event. Raises InputError where it ends before it begins, NotFoundError where none is."""
    begin, end = spans[0].from_at, max(span.to_at or _last_minute(dataset) for span in spans)
    end = max(begin, end)
    from_at, to_at = max(asked.get("from", begin), begin), min(asked.get("to", end), max(end, begin))
    if "from" in asked and "to" in asked and asked["to"] < asked["from"]:
        raise InputError("Parameter to: before `from`.", hint="Give the later moment as `to`.")
    if from_at > end or to_at < begin:
        raise NotFoundError("Nothing is told of that part.", hint=f"It is told from {zulu(begin)} to {zulu(end)}.")
    return Cut(tuple(spans), from_at, to_at)


async def _make(service: Service, event_id: int, cut: Cut, form: str) -> bytes:
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dataset = await read_dataset(connection, service.dataset) or service.dataset
        last = service.snapshots.last
        index = await read_index(connection, dataset, last.present.index if last else None)
        held, hidden = await read_past(connection, event_id, cut.from_at, cut.to_at + timedelta(seconds=1))
    return await asyncio.to_thread(_serialise, dataset, index, cut, held, hidden, form)


def _serialise(dataset: Dataset, index: Index, cut: Cut, held: Held, hidden: Ints, form: str) -> bytes:
    from_s, to_s = int(cut.from_at.timestamp()), -int(-cut.to_at.timestamp() // 1)
    reason = cut.spans[0].default_reason.value
    changes = changes_of(held, hidden, reason, from_s, to_s + 1)
    told = {"from_at": zulu(cut.from_at), "to_at": zulu(cut.to_at)}
    head = told | cut.spans[-1].head(dataset)
    if form == PACKED:
        return pack_replay(head, len(index.edge_id), changes, from_s)
    return compact(replay_document(head, index, changes, from_s))


@router.get("/status/history")
async def events(request: Request) -> Response:
    """The storms and callouts that can be replayed, the newest first."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    async with service.connection() as connection:
        spans = await spans_of(connection, None)
    by_event: dict[int, list[Span]] = {}
    for span in spans:
        by_event.setdefault(span.event_id, []).append(span)
    base, dataset = str(request.base_url).rstrip("/"), service.dataset
    told = [
        all_of[-1].head(dataset)
        | {
            "from_at": zulu(all_of[0].from_at),
            "to_at": zulu(max(span.to_at or _last_minute(dataset) for span in all_of)),
        }
        | {"replay": f"{base}/status/history/{event_id}"}
        for event_id, all_of in by_event.items()
    ]
    return JSONResponse({"events": told}, headers={"Cache-Control": "public, max-age=10"})


@router.get("/status/history/{event_id:int}")
async def replay(request: Request, event_id: int) -> Response:
    """One event for replay, from its begin or `from` to its end or `to`; see docs/api.md for the bytes."""
    params = request.query_params
    refuse_unknown(params, ("f", "from", "to"))
    service, form = service_of(request), form_of(request)
    asked = {name: moment_of(name, params[name]) for name in ("from", "to") if name in params}
    spans: list[Span] = []
    if event_id <= BIGINT_MAX:
        async with service.connection() as connection:
            spans = await spans_of(connection, event_id)
    if not spans or spans[0].event_kind == EventKind.STANDING:
        raise NotFoundError(
            f"Event {event_id} cannot be replayed: nothing is known of it, or it is the standing watch.",
            hint="/status/history lists the events that can; `?at=` of /status/snapshot shows the standing watch.",
        )
    cut = cut_of(spans, service.dataset, asked)
    return await _answer(request, service, form, event_id, cut)


async def _answer(request: Request, service: Service, form: Form, event_id: int, cut: Cut) -> Response:
    basis = (service.dataset.basis, event_id, cut, form.name)

    async def body_in(encoding: str) -> bytes:
        whole = await service.past.get((basis, "identity"), lambda: _make(service, event_id, cut, form.name))
        if encoding == "identity":
            return whole
        return await service.past.get((basis, encoding), lambda: asyncio.to_thread(pack_for, encoding, whole, THOROUGH))

    etag = etag_of(await body_in("identity"))
    life_s = SETTLED_S if all(span.is_settled for span in cut.spans) else OPEN_S
    headers = {"Cache-Control": f"public, max-age={life_s}", "ETag": etag, **stale_headers(service.stale_since)}
    return await respond(request, form, headers, body_in)
