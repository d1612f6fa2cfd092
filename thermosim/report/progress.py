"""A progress bar on a terminal and silence elsewhere; says so when kernels are being compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_COMPILING = "compiling kernels for this machine (first run only)"


@contextmanager
def shown(talkative: bool) -> Iterator[Callable[[float], None] | None]:
    """Give a callback for the fraction done; None where nobody watches."""
    console = Console(stderr=True)
    if not talkative:
        yield None
    elif not console.is_terminal:
        with _on_compilation(lambda: console.print(_COMPILING + " ...", highlight=False)):
            yield None
    else:
        columns = (TextColumn("{task.description}"), BarColumn(30), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("simulating", total=1.0)

            def update(fraction: float) -> None:
                bar.update(task, completed=fraction, description="simulating")

            with _on_compilation(lambda: bar.update(task, description=_COMPILING)):
                yield update


def working(talkative: bool, text: str) -> AbstractContextManager[Any]:
    """A spinner with `text` on a terminal."""
    console = Console(stderr=True)
    return console.status(text) if talkative and console.is_terminal else nullcontext()


@contextmanager
def _on_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Call `announce` once, at the first kernel that Numba really compiles (a cached one is not compiled)."""
    from numba.core import event

    class First(event.Listener):  # type: ignore[misc]
        announced = False

        def on_start(self, event: Any) -> None:
            if not self.announced:
                self.announced = True
                announce()

        def on_end(self, event: Any) -> None:
            pass

    with event.install_listener("numba:compile", First()):
        yield
