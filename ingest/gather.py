"""Small requests of one source, checked together: a check costs 2 ms for one fix and hardly more for a hundred.

Only requests whose rows all have the same keys with values of the same kinds are put together, so each is read as it
would be by itself; where any row is rejected, each request is checked alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from geo.errors import YukiError
from geo.settings import SourceSettings
from ingest.clocks import clock_warning
from ingest.fix_batch import FixBatch, ReadState
from ingest.json_fixes import Rows, rows_to_raw
from ingest.reading import Read, checked
from ingest.register import Register

#: A request waits so long for others to be checked with.
GATHER_S = 0.01
#: Requests of more rows are checked alone.
ROWS_MAX = 20

type _Signature = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is the same for all requests that are checked together."""

    source_id: int
    source: SourceSettings
    register: Register | None
    is_standard: bool = False


@dataclass(slots=True)
class _Group:
    asked: Asked
    requests: list[tuple[Rows, asyncio.Future[Read]]] = field(default_factory=list)


class Gather:
    """Checks rows of requests, those that come within GATHER_S together. Belongs to one event loop."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._groups: dict[_Signature, _Group] = {}

    async def read(self, rows: Rows, asked: Asked) -> Read:
        """The checked rows of a request. Raises as ingest.quality.check."""
        kinds = {tuple((key, type(value)) for key, value in row.items()) for row in rows}
        if len(kinds) != 1 or len(rows) > ROWS_MAX:
            return self._alone(rows, asked)
        signature = (asked.source_id, asked.is_standard, id(asked.register), *kinds)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Read] = loop.create_future()
        group = self._groups.get(signature)
        if group is None:
            group = self._groups[signature] = _Group(asked)
            loop.call_later(GATHER_S, self._flush, signature)
        group.requests.append((rows, future))
        return await future

    def _alone(self, rows: Rows, asked: Asked) -> Read:
        state = ReadState()
        raw = rows_to_raw(rows, asked.source, is_standard=asked.is_standard)
        return checked([raw], asked.source, self._clock(), asked.register, state)

    def _flush(self, signature: _Signature) -> None:
        group = self._groups.pop(signature)
        together = self._together(group) if len(group.requests) > 1 else None
        for i, (rows, future) in enumerate(group.requests):
            if future.done():  # the client has gone
                continue
            try:
                future.set_result(self._alone(rows, group.asked) if together is None else together[i])
            except Exception as error:  # whatever it is, it is the answer to this request
                future.set_exception(error)

    def _together(self, group: _Group) -> list[Read] | None:
        """What each request said; None where they have to be read one by one."""
        try:
            whole = self._alone([row for rows, _ in group.requests for row in rows], group.asked)
        except YukiError:
            return None
        if whole.rejects:
            return None
        now, begin, found = self._clock(), 0, []
        for rows, _ in group.requests:
            batch = _part(whole.batch, slice(begin, begin + len(rows)))
            begin += len(rows)
            warning = clock_warning(batch.fixes.at_us, now)
            found.append(Read(batch, [], [] if warning is None else [warning]))
        return found


def _part(batch: FixBatch, rows: slice) -> FixBatch:
    """Some of its fixes, with the names of those alone."""
    fixes = batch.fixes.select(rows)
    used, code = np.unique(fixes.vehicle, return_inverse=True)
    fixes.vehicle[:] = code
    return FixBatch(tuple(batch.names[i] for i in used.tolist()), fixes)
