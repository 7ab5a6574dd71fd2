"""Who asks: nobody in particular, or the holder of a key of app.api_key. Every read of mgr is written down."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from starlette.requests import Request

from geo.db import Role, read_sql
from geo.errors import AccessError, NoKeyError
from layers.catalogue import Collection
from tiles.service import Service

#: Scopes that open what is not public.
MANAGER_SCOPES = frozenset({"manager", "admin"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. key_id None: nobody in particular."""

    key_id: int | None = None
    scope: str = "public"
    scope_of: str | None = None

    @property
    def is_manager(self) -> bool:
        """Whether mgr is open to this caller."""
        return self.scope in MANAGER_SCOPES

    @property
    def role(self) -> Role:
        """The database role that reads for this caller."""
        return Role.MANAGER if self.is_manager else Role.READER


PUBLIC = Caller()


async def caller_of(request: Request, service: Service) -> Caller:
    """The caller by `Authorization: Bearer <key>`. Raises NoKeyError for a key that is not known or was revoked."""
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    kind, _, key = header.partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise NoKeyError("The Authorization header is not understood.", hint="Send `Authorization: Bearer <key>`.")
    digest = hashlib.sha256(key.strip().encode()).digest()
    async with service.connection(Role.APP) as connection:
        found = await connection.execute(read_sql("tiles", "api_key"), {"key_sha256": digest})
        row = await found.fetchone()
    if row is None:
        raise NoKeyError("This key is not known, or it was revoked.", hint="Ask the operator for a key.")
    return Caller(*row)


async def permit(request: Request, service: Service, collection: Collection) -> Caller:
    """The caller, if the collection is open to them. A read of a restricted one goes into the audit log first."""
    caller = await caller_of(request, service)
    if collection.is_public:
        return caller
    if not caller.is_manager:
        refused = NoKeyError if caller.key_id is None else AccessError
        raise refused(
            f"The collection {collection.collection_id} is for road managers.",
            hint="Send a manager's key as `Authorization: Bearer <key>`.",
        )
    detail = {"collection": collection.collection_id, "path": request.url.path, "query": request.url.query}
    async with service.connection(Role.APP) as connection:
        await connection.execute(
            read_sql("tiles", "audit"),
            {"key_id": caller.key_id, "action": "read", "detail": json.dumps(detail, ensure_ascii=False)},
        )
    return caller
