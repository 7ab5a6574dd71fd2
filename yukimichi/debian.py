"""PostgreSQL's programs: found on this machine, or installed from Debian's packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geo.errors import EnvironmentProblem

#: Debian keeps each major version here, and its extensions beside it.
PROGRAMS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
OLDEST = 14  # multiranges


@dataclass(frozen=True, slots=True)
class Programs:
    """A PostgreSQL installation with PostGIS."""

    version: int
    bin: Path


def find_programs() -> Programs | None:
    """The newest installed server (14 or later) that has PostGIS; None where there is none."""
    for version in sorted(_installed_servers(), reverse=True):
        if (EXTENSIONS / str(version) / "extension" / "postgis.control").exists():
            return Programs(version, PROGRAMS / str(version) / "bin")
    return None


def _installed_servers() -> list[int]:
    if not PROGRAMS.is_dir():
        return []
    found = [int(folder.name) for folder in PROGRAMS.iterdir() if folder.name.isdigit()]
    return [v for v in found if v >= OLDEST and (PROGRAMS / str(v) / "bin" / "postgres").exists()]


def install_command() -> str:
    """What a person would type to install the programs."""
    return f"{_sudo()}apt-get install --no-install-recommends postgresql postgis {postgis_package()}"


def postgis_package() -> str:
    """Debian's PostGIS package for the newest server installed, or the one that Debian offers."""
    servers = _installed_servers()
    if servers:
        return f"postgresql-{max(servers)}-postgis-3"
    if shutil.which("apt-cache"):
        names = subprocess.run(
            ["apt-cache", "search", "--names-only", r"^postgresql-[0-9]+-postgis-3$"],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        versions = [int(v) for v in re.findall(r"^postgresql-(\d+)-postgis-3\b", names, re.MULTILINE)]
        if versions:
            return f"postgresql-{max(versions)}-postgis-3"
    return "postgresql-15-postgis-3"


def _sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "


def find_or_install(say: Callable[[str], None]) -> Programs:
    """The programs, installed if they are missing. Raises EnvironmentProblem naming the command that mends it."""
    found = find_programs()
    if found:
        return found
    if not shutil.which("apt-get"):
        raise EnvironmentProblem(
            "PostgreSQL 14 or later with PostGIS is not installed, and this is no Debian machine.",
            hint="Install both, or set database.url in config.yml to a PostGIS of your own.",
        )
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise EnvironmentProblem("PostgreSQL with PostGIS is missing and sudo is not here.", hint=install_command())
    _apt("update", say)
    package = postgis_package()
    say(f"Installing {package} and its server from Debian's packages (no cluster of Debian's own is started).")
    if not _installed_servers():
        _forbid_main_cluster()
    _apt(f"install -y --no-install-recommends {package} {package.removesuffix('-postgis-3')}", say)
    found = find_programs()
    if not found:
        raise EnvironmentProblem(f"{package} was installed but has no server.", hint="Run `yukimichi doctor`.")
    return found


def _forbid_main_cluster() -> None:
    """Keep Debian from starting a default cluster on port 5432."""
    script = (
        "mkdir -p /etc/postgresql-common && "
        "grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf || "
        "echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf"
    )
    subprocess.run([*_sudo().split(), "sh", "-c", script], check=True)


def _apt(arguments: str, say: Callable[[str], None]) -> None:
    command = [*_sudo().split(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *arguments.split()]
    say("$ " + " ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentProblem(
            f"apt-get {arguments.partition(' ')[0]} failed: {done.stderr.strip()[-800:]}", hint=install_command()
        )
