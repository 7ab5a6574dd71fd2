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
    def contractor(self) -> str | None:
        """The contractor whose key it is; None: nobody's."""
        return self.scope_of if self.scope == "contractor" else None

    def may_see(self, collection: Collection) -> bool:
        """Whether a collection is open to this caller, be it only a part of its rows."""
        is_own = collection.is_by_contractor and self.contractor is not None
        return collection.is_public or self.is_manager or is_own

    def role_for(self, collection: Collection) -> Role:
        """The database role that reads a collection for this caller."""
        return Role.READER if collection.is_public and not self.is_manager else Role.MANAGER

    def scope_params(self) -> dict[str, object]:
        """Parameters by which the SELECT of a collection that is_by_contractor keeps each caller to its own rows."""
        return {"sees_all": self.is_manager, "contractor": self.contractor}


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
    if not caller.may_see(collection):
        refused = NoKeyError if caller.key_id is None else AccessError
        readers = "road managers and contractors" if collection.is_by_contractor else "road managers"
        raise refused(
            f"The collection {collection.collection_id} is for {readers}.",
            hint="Send a manager's key as `Authorization: Bearer <key>`.",
        )
    await note_read(request, service, caller, collection.collection_id)
    return caller


async def note_read(request: Request, service: Service, caller: Caller, what: str) -> None:
    """Write into the audit log that a key read something that is not public."""
    detail = {"collection": what, "path": request.url.path, "query": request.url.query}
    async with service.connection(Role.APP) as connection:
        await connection.execute(
            read_sql("tiles", "audit"),
            {"key_id": caller.key_id, "action": "read", "detail": json.dumps(detail, ensure_ascii=False)},
        )
