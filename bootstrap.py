"""Make .venv: find a Python that Yukimichi runs on, then install the locked packages with uv.

    python3 bootstrap.py run     what a running service needs
    python3 bootstrap.py dev     besides, what `make check` needs
    --without-kernels            leave the kernels of the map matcher for later

Needs nothing but Python 3.9 or later and its standard library. Does nothing when .venv already fits the lock.
Also compiles the kernels of the map matcher when their sources changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
WANTED = ("3.12", "3.13")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
#: A shim of pyenv answers `which` and then refuses to run: only a run of these imports proves a Python.
PROOF = "import sys, ssl, sqlite3, ctypes, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


def say(text: str) -> None:
    print(f"yukimichi: {text}", flush=True)


def version_of(python: str) -> str:
    """'3.12' for a Python that really runs, else ''."""
    try:
        done = subprocess.run([python, "-c", PROOF], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def candidates() -> "list[str]":
    names = [f"python{version}" for version in WANTED] + ["python3"]
    found = [path for path in map(shutil.which, names) if path]
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    for root in roots:
        if root.is_dir():
            for version in WANTED:
                found += [str(p / "bin" / "python3") for p in sorted(root.glob(f"{version}.*"), reverse=True)]
    return [*found, sys.executable]


def uv_of_this_python() -> str:
    """uv on PATH, or installed beside .venv with whatever Python runs this file; '' where neither works."""
    uv = shutil.which("uv")
    if uv:
        return uv
    folder = HERE / ".uv"
    python = folder / "bin" / "python"
    lock = str(HERE / "requirements-uv.lock")
    made = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", lock],
    ]
    if all(subprocess.run(command, check=False).returncode == 0 for command in made):
        return str(folder / "bin" / "uv")
    return ""


def fetched_by_uv() -> str:
    """A Python that uv can fetch, or ''."""
    uv = uv_of_this_python()
    if not uv:
        return ""
    say("no Python 3.12 or 3.13 here; asking uv to fetch one")
    if subprocess.run([uv, "python", "install", WANTED[0]], check=False).returncode != 0:
        return ""
    done = subprocess.run([uv, "python", "find", WANTED[0]], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def find_python() -> str:
    for python in candidates():
        if version_of(python) in WANTED:
            return python
    fetched = fetched_by_uv()
    if fetched:
        return fetched
    sys.exit(
        "yukimichi: Python 3.12 or 3.13 is needed and was not found on PATH or in pyenv.\n"
        "  With pyenv:  pyenv install 3.12\n"
        "  With uv:     uv python install 3.12\n"
        "  On Debian 13 or later:  sudo apt-get install python3 python3-venv\n"
        "Then run the same command again."
    )


def digest(kind: str) -> str:
    names = ["pyproject.toml", "requirements-uv.lock", LOCKS[kind]]
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in names)).hexdigest()


def run(command: "list[str]") -> None:
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"yukimichi: this step failed: {' '.join(command)}\nMend what it says and run the same command again.")


def install(kind: str) -> None:
    python = VENV / "bin" / "python"
    if version_of(str(python)) not in WANTED:
        base = find_python()
        say(f"making .venv with {base}")
        shutil.rmtree(VENV, ignore_errors=True)
        run([base, "-m", "venv", str(VENV)])
    lock = ["--require-hashes", "-r"]
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run([*pip, *lock, str(HERE / "requirements-uv.lock")])
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(python)]
    say(f"installing packages from {LOCKS[kind]}")
    run([*uv, *lock, str(HERE / LOCKS[kind])])
    run([*uv, "--no-deps", "--no-build-isolation", "-e", str(HERE)])


def kernel_digest(here: Path) -> str:
    """Of all sources below geo/: numba notices a change of the file a kernel stands in, not of those it calls."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("geo/**/*.py")))).hexdigest()


def compile_kernels(here: Path, stamp: Path) -> None:
    """Throw away kernels compiled from other sources, and compile the map matcher before anyone waits for it."""
    wanted = kernel_digest(here)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    for old in [*here.glob("geo/**/__pycache__/*.nbi"), *here.glob("geo/**/__pycache__/*.nbc")]:
        old.unlink()
    say("compiling the map matcher")
    run([str(VENV / "bin" / "python"), "-m", "yukimichi.warm"])
    stamp.write_text(wanted)


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    if kind not in LOCKS:
        sys.exit(__doc__)
    stamps = {name: VENV / f".installed-{name}" for name in LOCKS}
    fits = [n for n, stamp in stamps.items() if stamp.exists() and stamp.read_text() == digest(n)]
    if kind not in fits and "dev" not in fits:
        install(kind)
        stamps[kind].write_text(digest(kind))
    if "--without-kernels" not in sys.argv:
        compile_kernels(HERE, VENV / ".kernels")


if __name__ == "__main__":
    main()
