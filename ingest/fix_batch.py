"""Fixes on their way from a file to the database: a raw batch as read, and a checked one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.fix import Fixes
from ingest.mapping import Unmapped
from ingest.quarantine import Rejects

type Ints = NDArray[np.int64]

#: Rows a batch: large enough for COPY, small enough for memory (about 200 bytes a row while it is checked).
BATCH_ROWS = 200_000

#: Our field to the names under which files carry it, compared after NFKC and without case; the first hit counts.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "vehicle": (
        "vehicle", "vehicle_id", "asset_id", "asset", "unit", "unit_id", "device", "device_id", "truck",
        "車両", "車両番号", "車両ID", "車番", "端末ID", "端末番号", "機械番号",
    ),
    "at": (
        "at", "time", "timestamp", "datetime", "date_time", "gps_time", "fix_time", "recorded_at", "observed_at",
        "日時", "測位日時", "測位時刻", "取得日時", "時刻", "日付+時刻",
    ),
    "lon": ("lon", "lng", "long", "longitude", "経度", "x"),
    "lat": ("lat", "latitude", "緯度", "y"),
    "heading": ("heading", "heading_deg", "course", "bearing", "direction", "azimuth", "方位", "方角", "進行方向"),
    "speed": (
        "speed_mps", "speed_kmh", "speed_kph", "speed_knots", "speed_mph", "speed", "velocity", "速度", "速度(km/h)",
    ),
    "accuracy": ("accuracy", "accuracy_m", "hacc", "horizontal_accuracy", "精度", "測位精度"),
    "blade": ("blade", "plow", "plough", "plow_down", "blade_down", "ブレード", "排土板"),
    "spreader": ("spreader", "salt", "spreading", "散布", "散布装置"),
    "work": ("work", "working", "is_working", "作業", "作業中", "作業状態"),
    "treatment": ("treatment", "task", "activity", "work_type", "作業種別", "作業内容"),
    "task": ("task_text", "task_name", "tasks", "operations", "作業名", "作業項目"),
    "inputs": ("inputs", "digital_inputs", "din", "デジタル入力", "接点入力"),
    **{f"input{n}": (f"input{n}", f"in{n}", f"di{n}", f"din{n}", f"入力{n}", f"接点{n}") for n in range(1, 9)},
}  # fmt: skip
REQUIRED = ("vehicle", "at", "lon", "lat")


@dataclass(frozen=True, slots=True)
class RawBatch:
    """n rows as a reader delivers them, nothing checked.

    columns       our fields that the file has, n values each, of any Arrow type
    line          (n,) number of the line from 1; -1 where the format has no lines
    item          (n,) number of the row or point in the file from 0
    payload       the whole row i as it came, for quarantine
    speed_factor  of the speed column, to metres per second
    is_standard   True where the format itself says WGS 84 and UTC (GPX, NMEA), whatever the CRS of the source
    """

    columns: dict[str, pa.ChunkedArray]
    line: Ints
    item: Ints
    payload: Callable[[int], dict[str, Any]]
    speed_factor: float = 1.0
    is_standard: bool = False

    def __len__(self) -> int:
        return len(self.line)


@dataclass(slots=True)
class ReadState:
    """What grows while a file is read, for its report.

    mapping    field to column, with how it was found
    unmapped   values of flags and treatments that no map knows; they are unknown now
    blanked    optional numbers that are none or out of range, by field; they are unknown now
    rejects    rows for quarantine
    n_read     rows so far, rejected ones too
    """

    encoding: str = "utf-8"
    mapping: dict[str, str] = field(default_factory=dict)
    unmapped: Unmapped = field(default_factory=Unmapped)
    blanked: Counter[str] = field(default_factory=Counter)
    rejects: Rejects = field(default_factory=Rejects)
    n_read: int = 0


@dataclass(frozen=True, slots=True)
class FixBatch:
    """Checked fixes. `fixes.vehicle` is a position in `names`; nothing is sorted or joined yet."""

    names: tuple[str, ...]
    fixes: Fixes

    def __len__(self) -> int:
        return len(self.fixes)
