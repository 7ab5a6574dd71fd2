"""What a person sees while long work runs: a bar on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

#: Told how much is done of how much; total 0 means that nobody knows.
type Step = Callable[[int, int], None]

#: Progress goes to standard error, so that results on standard output can be piped.
console = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line for the person at the terminal."""
    console.print(text, markup=False, soft_wrap=True)


@contextmanager
def stage(name: str) -> Iterator[Step]:
    """A named stage: yields the callable to report progress to, prints the time taken at the end."""
    started = time.perf_counter()
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield step
    console.print(f"  {name}  {time.perf_counter() - started:.1f} s", markup=False, soft_wrap=True)


@contextmanager
def silent(name: str) -> Iterator[Step]:
    """The same shape as `stage` for work that nobody watches."""
    yield lambda done, total: None
