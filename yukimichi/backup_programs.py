"""pg_dump and pg_restore: the private cluster's own, or those of this machine that suit a server elsewhere.

Passwords go by the environment, never onto a command line, where every user of the machine could read them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from geo.errors import DatabaseProblem, EnvironmentProblem
from yukimichi.debian import PROGRAMS


def find_client(name: str, server_major: int, folders: list[Path] | None = None) -> Path:
    """The program, of the server's major version or the nearest newer one.

    folders  where to look; Debian's folders and PATH if left out. Raises EnvironmentProblem naming the package.
    """
    found = {_major(file): file for file in _candidates(name, folders)}
    fit = [version for version in found if version >= server_major]
    if not fit:
        have = ", ".join(str(version) for version in sorted(found)) or "none"
        raise EnvironmentProblem(
            f"`{name}` of PostgreSQL {server_major} or later is not on this machine (found: {have}).",
            hint=f"Install the package postgresql-client-{server_major}.",
        )
    return found[min(fit)]


def _candidates(name: str, folders: list[Path] | None) -> Iterator[Path]:
    if folders is None:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
        folders = sorted(PROGRAMS.glob("*/bin"))
    yield from (folder / name for folder in folders if (folder / name).exists())


def _major(program: Path) -> int:
    told = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(found.group(1)) if found else 0


def run_client(program: Path, conninfo: str, *arguments: str) -> None:
    """Run a client program on a database. Files that it makes are its owner's alone. Raises DatabaseProblem."""
    parts: dict[str, Any] = conninfo_to_dict(conninfo)
    password = parts.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    command = [str(program), "--no-password", f"--dbname={make_conninfo(**parts)}", *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment, umask=0o077
    )
    if done.returncode != 0:
        raise DatabaseProblem(
            f"`{program.name}` failed: {done.stderr.strip()[-1500:] or done.returncode}.",
            hint="Nothing was overwritten. Mend what it names and run the same command again.",
        )
