"""Settings: read once from config.yml and the environment, frozen, unknown keys refused, passed down in small parts.

Order, the later wins: defaults here, config.yml, `YUKI_PORT`, `YUKI_HOME`, `YUKI_DATABASE_URL`, then `YUKI__A__B`
for any nested key. Secrets come by environment or file and never from config.yml.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from geo.errors import ConfigError
from geo.settings_base import Part, ZoneName, keys_beside
from geo.settings_card import CardSettings
from geo.settings_coverage import CoverageSettings
from geo.settings_disputes import DisputeSettings
from geo.settings_events import EventSettings
from geo.settings_live import DeviceSettings, IngestSettings, MqttSettings, WorkerSettings
from geo.settings_operations import LogSettings, RetentionSettings
from geo.settings_places import CameraSettings, PlaceSettings
from geo.settings_rasters import RasterSettings
from geo.settings_reports import ReportSettings
from geo.settings_search import SearchSettings
from geo.settings_service import ServiceSettings
from geo.settings_snapshot import PastSettings, StreamSettings
from geo.settings_snow import SnowSettings
from geo.settings_sources import SourceSettings
from geo.settings_tiles import TileSettings
from geo.settings_web import WebSettings
from geo.vocabulary import RoadClass

__all__ = ["Part", "Settings", "SourceSettings", "load_settings"]


class DatabaseSettings(Part):
    """Where PostGIS is. `url` None: the private cluster in `home`."""

    url: str | None = None
    role_urls: dict[str, str] = Field(default_factory=dict)


class ServerSettings(Part):
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)


class NetworkSettings(Part):
    """How roads become a network."""

    crs: str = "auto"
    snap_m: float = Field(0.5, ge=0, le=20)


class StatusSettings(Part):
    """Boundaries of the state table (docs/coverage.md)."""

    covered_fraction_min: float = Field(0.95, gt=0, le=1)
    confidence_min: float = Field(0.94, ge=0, le=1)
    clearing_min: float = Field(60, gt=0)
    silent_min: float = Field(30, gt=0)
    shift_gap_min: float = Field(180, gt=0)
    valid_hours: dict[RoadClass, float] = dict.fromkeys(RoadClass, 24.0)

    def valid_hours_of(self, road_class: RoadClass) -> float:
        """Hours that a clearing of this class holds by time alone."""
        return self.valid_hours.get(road_class, 24.0)


class StateSettings(Part):
    """The parts that the state of a road rests on."""

    status: StatusSettings = StatusSettings()
    coverage: CoverageSettings = CoverageSettings()
    snow: SnowSettings = SnowSettings()


class PublishSettings(Part):
    """What is kept from the public."""

    mask_m: float = Field(200, ge=0)


class Settings(Part):
    """All of it. Hand down the small part that is needed, never the whole."""

    timezone: ZoneName = "Asia/Tokyo"
    traffic_side: Literal["left", "right"] = "left"
    home: Path = Path(".yuki")
    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    network: NetworkSettings = NetworkSettings()
    status: StatusSettings = StatusSettings()
    coverage: CoverageSettings = CoverageSettings()
    snow: SnowSettings = SnowSettings()
    events: EventSettings = EventSettings()
    past: PastSettings = PastSettings()
    stream: StreamSettings = StreamSettings()
    service: ServiceSettings = ServiceSettings()
    reports: ReportSettings = ReportSettings()
    publish: PublishSettings = PublishSettings()
    disputes: DisputeSettings = DisputeSettings()
    tiles: TileSettings = TileSettings()
    rasters: RasterSettings = RasterSettings()
    web: WebSettings = WebSettings()
    places: PlaceSettings = PlaceSettings()
    cameras: CameraSettings = CameraSettings()
    search: SearchSettings = SearchSettings()
    card: CardSettings = CardSettings()
    ingest: IngestSettings = IngestSettings()
    mqtt: MqttSettings = MqttSettings()
    worker: WorkerSettings = WorkerSettings()
    devices: DeviceSettings = DeviceSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()
    sources: dict[str, SourceSettings] = Field(default_factory=dict)

    def source(self, name: str) -> SourceSettings:
        """The source's settings; a name that config.yml does not have gets the defaults."""
        return self.sources.get(name, SourceSettings())

    @property
    def states(self) -> StateSettings:
        """The parts that the state of a road rests on."""
        return StateSettings(status=self.status, coverage=self.coverage, snow=self.snow)

    @property
    def networks_dir(self) -> Path:
        """Where the array artefact of each network version lies."""
        return self.home / "networks"

    @property
    def camera_files_dir(self) -> Path | None:
        """Below what folder links of the form file: are taken; None: nowhere."""
        below = self.cameras.files_below
        return None if below is None else self.home / below

    @property
    def rasters_dir(self) -> Path:
        """Where the files of rasters lie, a folder a raster."""
        return self.home / "rasters"

    @property
    def addresses_dir(self) -> Path:
        """Where the address dictionary lies."""
        return self.search.dictionary or self.home / "addresses"


#: Short names in the environment, and the keys that they set.
SHORT_NAMES = {
    "YUKI_PORT": ("server", "port"),
    "YUKI_HOME": ("home",),
    "YUKI_DATABASE_URL": ("database", "url"),
}


def _set(tree: dict[str, Any], keys: tuple[str, ...], value: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _from_environment(tree: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if name in SHORT_NAMES:
            _set(tree, SHORT_NAMES[name], value)
        elif name.startswith("YUKI__"):
            _set(tree, tuple(name.removeprefix("YUKI__").lower().split("__")), value)


def _valid_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _valid_keys(kind, f"{prefix}{name}.")


def _explain(error: ValidationError, where: str) -> ConfigError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        words = re.findall(r"'([^']+)'", str(first.get("ctx", {}).get("expected", "")))
        close = difflib.get_close_matches(str(first["input"]), words, 1, 0.4)
        hint = f"Did you mean {close[0]!r}?" if close else "Correct the value and run again."
        return ConfigError(f"{where}: {key}: {first['msg']}.", hint=hint)
    known = keys_beside(Settings, first["loc"]) if len(first["loc"]) > 2 else list(_valid_keys(Settings))
    near = difflib.get_close_matches(key, known, 1, 0.4) or difflib.get_close_matches(
        key.rpartition(".")[2], [name for name in known if "." not in name], 1, 0.4
    )
    hint = f"Did you mean {near[0]!r}?" if near else f"Valid keys: {', '.join(known)}."
    return ConfigError(f"{where}: unknown key {key!r}.", hint=hint)


def load_settings(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read config.yml (or `path`) and the environment.

    A missing default file means defaults; a missing file that was named is an error. Relative `home` is taken from
    the folder of the file. Raises ConfigError naming the file and the key.
    """
    file = path or Path("config.yml")
    environment = os.environ if environment is None else environment
    tree: dict[str, Any] = {}
    if file.exists():
        try:
            tree = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not readable as YAML: {error}.", hint="Correct it and run again.") from error
    elif path is not None:
        raise ConfigError(f"{file}: no such file.", hint="Name an existing config.yml with --config.")
    if not isinstance(tree, dict):
        raise ConfigError(f"{file}: expected keys and values at the top.", hint="See the config.yml of the project.")
    _from_environment(tree, environment)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise _explain(error, str(file)) from error
    home = settings.home if settings.home.is_absolute() else file.resolve().parent / settings.home
    return settings.model_copy(update={"home": home})
