"""The synthetic prefecture: a made-up road network and snow-removal plan, placed on Ishikawa.

Only the names and rough places of towns, roads and rivers are public geography; every line, plan, machine and
contractor is fictitious, and each file that this package writes says so.
"""

from __future__ import annotations

from yukimichi.demo.files import DemoFiles
from yukimichi.demo.generate import generate_demo

__all__ = ["DemoFiles", "generate_demo"]
