"""/healthz and /readyz, for whoever watches the process: does it live, and can it answer.

healthz asks nobody: a database that is away is no reason to kill the server. readyz says 503 where an answer would be
one; where only the worker is quiet, what is published goes on being served, and it says `degraded` with 200.
"""

from __future__ import annotations

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.db import Role, read_sql
from geo.migrate import migrations
from tiles.problems import problem
from tiles.service import Service, service_of

router = APIRouter(tags=["service"])

#: A worker beats every few seconds; one that was not heard for longer is stuck or gone.
BEAT_MAX_S = 60.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process answers. No database is asked."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether the database answers, is migrated, and something is published; `degraded` while the worker is quiet."""
    service = service_of(request)
    try:
        missing, beat_age_s = await _ask(service)
    except psycopg.errors.UndefinedFunction:
        missing, beat_age_s = ["app.readiness"], None
    except (psycopg.Error, PoolTimeout):
        return problem(503, "The database does not answer.", hint="Run `yukimichi doctor`.")
    if missing:
        return problem(503, f"The database lacks {len(missing)} migrations.", hint="Restart with this version.")
    if not service.has_dataset:
        return problem(503, "Nothing is published yet.", hint="Run `yukimichi publish`.")
    is_heard = beat_age_s is not None and beat_age_s <= BEAT_MAX_S
    content = {
        "status": "ready" if is_heard else "degraded",
        "status_version": service.dataset.status_version,
        "worker_beat_age_s": None if beat_age_s is None else round(beat_age_s, 1),
    }
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


async def _ask(service: Service) -> tuple[list[str], float | None]:
    """(migrations that the database lacks, age of the oldest worker's last word in seconds or None)."""
    async with service.connection() as connection:
        await connection.execute("SELECT 1")
    async with service.connection(Role.APP) as connection:
        row = await (await connection.execute(read_sql("yukimichi", "readiness"))).fetchone()
    assert row is not None
    applied = set(row[0] or ())
    return [name for name, _ in migrations() if name not in applied], row[1]
