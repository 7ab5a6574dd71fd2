"""Settings of disputes and of the accuracy page."""

from __future__ import annotations

from pydantic import Field

from geo.settings_base import Part


class DisputeSettings(Part):
    """How many disputes are taken, and how long they are kept (docs/disputes.md)."""

    #: False: no new ones are taken; what is there stays open to managers and senders
    is_open: bool = True
    #: of one address (of IPv6: one /64): so many at once, and then one in so many seconds
    address_burst: int = Field(10, ge=1, le=1_000)
    address_every_s: float = Field(120, gt=0, le=3_600)
    #: of everybody together, over all server processes
    all_burst: int = Field(300, ge=1)
    all_every_s: float = Field(2, gt=0, le=3_600)
    #: days that a dispute is kept with its decision, and its photo
    days: int = Field(400, ge=120)
    photo_days: int = Field(60, ge=1)
    #: weeks on the accuracy page
    weeks: int = Field(12, ge=1, le=16)

    @property
    def full_s(self) -> float:
        """After so many seconds any allowance is full again, and tells nothing of a sender any more."""
        return max(self.address_burst * self.address_every_s, self.all_burst * self.all_every_s)
