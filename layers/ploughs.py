"""Public ids of ploughs: they say nothing about the machine and change with each shift."""

from __future__ import annotations

import hmac
from datetime import datetime

from geo.timeline import to_us

#: Hexadecimal digits of a public id: 64 bits, so that 10,000 machines share one less than once in 10^11 shifts.
ID_DIGITS = 16


def public_plough_id(secret: bytes, vehicle_id: int, shift_started_at: datetime) -> str:
    """HMAC-SHA256 of machine and shift under the deployment's secret; without the secret nobody can go back.

    vehicle_id stands for (source, vehicle), which it identifies. Raises ValueError for an empty secret.
    """
    if not secret:
        raise ValueError("the secret of public plough ids is empty")
    message = f"{vehicle_id}|{to_us(shift_started_at)}".encode()
    return hmac.new(secret, message, "sha256").hexdigest()[:ID_DIGITS]
