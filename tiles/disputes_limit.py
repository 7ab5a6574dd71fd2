"""How often somebody may send a dispute: buckets in the database, which all server processes share, and in front of
them what this process was told last, so that a flood asks the database for nothing.

An address is never stored: its place (an IPv4 address, a /64 of IPv6) is hashed with a salt of the day, and the hash
goes as soon as its bucket is full again, within 24 hours at most.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime

from geo.db import Role, read_sql
from geo.errors import InputError, TooFastError
from geo.settings_disputes import DisputeSettings
from geo.timeline import now
from tiles.disputes_claim import FORM_MAX_S, FORM_MIN_S
from tiles.gate import place_of
from tiles.service import Connection, Service

#: Senders that one process remembers as refused; those refused longest ago are forgotten first.
REFUSED_MAX = 20_000
EVERYBODY = b"all"


class Limit:
    """The limit of one server process. `clock_s` counts seconds, for tests."""

    def __init__(self, service: Service, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self._clock_s = clock_s
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._salts: dict[date, bytes] = {}
        self._today: date | None = None

    @property
    def settings(self) -> DisputeSettings:
        """How much is taken."""
        return self.service.settings.disputes

    async def _salt_of(self, connection: Connection, day: date, today: date) -> bytes:
        """The salt of today or yesterday; the first one asked for on a day forgets those that are over."""
        if self._today != today:
            self._today, self._salts = today, {}
            self._refused.clear()
            await forget_senders(connection, self.settings, today)
        if day not in self._salts:
            params = {"day": day, "salt": secrets.token_bytes(32)}
            row = await (await connection.execute(read_sql("tiles", "dispute_salt"), params)).fetchone()
            assert row is not None
            self._salts[day] = bytes(row[0])
        return self._salts[day]

    def refuse_known(self, host: str) -> None:
        """Raise TooFastError for an address that the database refused, until it would not any more; asks nobody."""
        salt = None if self._today is None else self._salts.get(self._today)
        if salt is None:
            return
        for sender in (EVERYBODY, _sender(salt, host)):
            until_s = self._refused.get(sender, 0.0)
            if until_s > self._clock_s():
                raise _too_fast(sender, until_s - self._clock_s())

    async def take(self, host: str) -> None:
        """Count a dispute of an address. Raises TooFastError, and then nothing is counted."""
        limits, today = self.settings, _day(now())
        async with self.service.connection(Role.APP) as connection:
            sender = _sender(await self._salt_of(connection, today, today), host)
            try:
                async with connection.transaction():
                    await _take(connection, sender, limits.address_burst, limits.address_every_s)
                    await _take(connection, EVERYBODY, limits.all_burst, limits.all_every_s)
            except _Empty as empty:
                self._remember(empty.sender, empty.wait_s)
                raise _too_fast(empty.sender, empty.wait_s) from None

    def _remember(self, sender: bytes, wait_s: float) -> None:
        self._refused[sender] = self._clock_s() + wait_s
        self._refused.move_to_end(sender)
        while len(self._refused) > REFUSED_MAX:
            self._refused.popitem(last=False)

    async def stamp(self) -> str:
        """A mark for a form: when it was made, signed with the salt of the day."""
        at = now()
        async with self.service.connection(Role.APP) as connection:
            salt = await self._salt_of(connection, _day(at), _day(at))
        at_s = int(at.timestamp())
        return f"{at_s}.{_signature(salt, at_s)}"

    async def check_stamp(self, text: str) -> None:
        """Raise InputError for a form that came back too soon to have been read, or long after it was made."""
        said, _, signature = text.partition(".")
        again = InputError("Field form_stamp: this form is too old.", hint="Open it anew; nothing was sent.")
        if not said.isascii() or not said.isdigit() or len(said) > 11:
            raise again
        at, made_at = now(), datetime.fromtimestamp(int(said), UTC)
        age_s = (at - made_at).total_seconds()
        if not 0 <= age_s <= FORM_MAX_S:
            raise again
        async with self.service.connection(Role.APP) as connection:
            salt = await self._salt_of(connection, _day(made_at), _day(at))
        if not hmac.compare_digest(signature.encode(), _signature(salt, int(said)).encode()):
            raise again
        if age_s < FORM_MIN_S:
            raise InputError("Field form_stamp: the form was sent too soon.", hint="Look it over, and send it again.")


class _Empty(Exception):
    """A bucket is empty."""

    def __init__(self, sender: bytes, wait_s: float) -> None:
        super().__init__()
        self.sender = sender
        self.wait_s = wait_s


async def _take(connection: Connection, sender: bytes, n_max: int, every_s: float) -> None:
    params = {"sender": sender, "n_max": n_max, "every_s": every_s}
    row = await (await connection.execute(read_sql("tiles", "dispute_fill"), params)).fetchone()
    assert row is not None
    if row[0] < 1:
        raise _Empty(sender, (1 - float(row[0])) * every_s)
    await connection.execute(read_sql("tiles", "dispute_take"), {"sender": sender})


async def forget_senders(connection: Connection, settings: DisputeSettings, day: date) -> None:
    """Delete what is left of senders, as far as it tells nothing any more, and salts of days before."""
    params = {"day": day, "full_s": settings.full_s}
    await connection.execute(read_sql("tiles", "dispute_forget_senders"), params)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _sender(salt: bytes, host: str) -> bytes:
    return hashlib.sha256(salt + place_of(host).encode()).digest()[:16]


def _signature(salt: bytes, at_s: int) -> str:
    return hmac.new(salt, f"form {at_s}".encode(), hashlib.sha256).hexdigest()[:32]


def _too_fast(sender: bytes, wait_s: float) -> TooFastError:
    who = "all together" if sender == EVERYBODY else "this address"
    return TooFastError(
        f"Too many disputes of {who}.", hint="Keep it, and send it again after Retry-After.",
        retry_after_s=max(1, math.ceil(wait_s)),
    )  # fmt: skip
