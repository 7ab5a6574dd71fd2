"""Pictures of the made-up cameras: a sketched road in the snow, with the time and what it is written on it."""

from __future__ import annotations

import os
import random
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from PIL import Image

SIZE = (640, 360)
HORIZON = 150
JAPAN = ZoneInfo("Asia/Tokyo")
#: Hours of the local day between which it is light.
DAY = (7, 17)
FLAKES = 160


def sketch(camera_id: str, at: datetime) -> Image.Image:
    """The picture of a camera at a moment. The same camera and moment give the same one."""
    from PIL import Image, ImageDraw, ImageFont

    local = at.astimezone(JAPAN)
    is_light = DAY[0] <= local.hour < DAY[1]
    sky, snow, road, flake = (
        ("#b9c6d2", "#eef2f5", "#8d949a", "#ffffff") if is_light else ("#161d29", "#55606d", "#2c3138", "#aab4c0")
    )
    chance = random.Random(f"{camera_id} {local:%Y%m%d%H%M}")
    bend = random.Random(camera_id).randint(-120, 120)
    image = Image.new("RGB", SIZE, sky)
    draw = ImageDraw.Draw(image)
    width, height = SIZE
    draw.rectangle((0, HORIZON, width, height), fill=snow)
    far = width // 2 + bend
    draw.polygon([(far - 8, HORIZON), (far + 8, HORIZON), (width - 90, height), (90, height)], fill=road)
    for step in range(1, 7):
        y = float(HORIZON + step * step * 6)
        x = far + (width // 2 - far) * (y - HORIZON) / (height - HORIZON)
        draw.line((x, y, x, y + 4 + step * 3), fill=flake, width=1 + step)
    for _ in range(FLAKES):
        x, y, r = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(0.8, 2.6)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=flake)
    draw.rectangle((0, 0, width, 34), fill="#101010")
    draw.rectangle((0, height - 34, width, height), fill="#101010")
    font = ImageFont.load_default(20)
    draw.text((10, 6), f"{camera_id}  {local:%Y-%m-%d %H:%M} JST", fill="#ffffff", font=font)
    draw.text((10, height - 28), "SYNTHETIC - drawn by a program, not a real road", fill="#ffd21f", font=font)
    return image


def write_images(folder: Path, camera_ids: list[str], at: datetime) -> int:
    """Write the picture of each camera, whole or not at all, with `at` as the time of its file; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for camera_id in camera_ids:
        path, part = folder / f"{camera_id}.jpg", folder / f".{camera_id}.part"
        sketch(camera_id, at).save(part, "JPEG", quality=75)
        os.utime(part, (at.timestamp(), at.timestamp()))
        part.replace(path)
    return len(camera_ids)
