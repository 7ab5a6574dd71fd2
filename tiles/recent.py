"""A few things that were read last, by a key and by what they rest on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Recent[K: Hashable, V]:
    """So many values at most; the least recently put go first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[K, tuple[object, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: K, basis: object, value: V) -> None:
        """Keep a value, with what it rests on."""
        self._kept[key] = (basis, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def held(self, key: K, basis: object) -> V | None:
        """The value of a key if it rests on the same; None: there is none."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == basis else None
