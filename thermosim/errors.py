"""Problems with a place: where it is, what was got, what exists, what to do.

Nothing in thermosim stops at the first mistake of a user: readers collect
:class:`Problem` objects in :class:`Problems` and raise them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One mistake: ``file:line:col: path: message``.

    `path` is the dotted path of the value (``models.adc8.bits``) or instance.
    `rule` names a lint; errors have none.
    """

    where: Position | None
    path: str
    message: str
    rule: str | None = None

    def __str__(self) -> str:
        parts = [str(part) for part in (self.where, self.path) if part]
        text = f"{self.message} [{self.rule}]" if self.rule else self.message
        return ": ".join([*parts, text])


class ThermosimError(Exception):
    """Base of every error that is the user's to mend; the command line exits with 2 (3 for a run that had to stop)."""


class NetlistError(ThermosimError):
    """A netlist, card or option that cannot be used; carries every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SimulationError(ThermosimError):
    """A run that had to stop (a non-finite state, a record that does not fit)."""


class Problems:
    """Collects problems; the same text at the same place is kept once."""

    def __init__(self) -> None:
        self._seen: dict[str, Problem] = {}

    def add(self, where: Position | None, path: str, message: str, rule: str | None = None) -> None:
        problem = Problem(where, path, message, rule)
        self._seen.setdefault(str(problem), problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self._seen.setdefault(str(problem), problem)

    def __len__(self) -> int:
        return len(self._seen)

    def sorted(self) -> tuple[Problem, ...]:
        """In the order of the text; problems without a place come last."""
        last = Position("\U0010ffff", 0, 0)
        return tuple(sorted(self._seen.values(), key=lambda problem: problem.where or last))

    def raise_if_any(self) -> None:
        if self._seen:
            raise NetlistError(self.sorted())


def told(error: Exception, module: str) -> str:
    """``RuntimeError: no pump (mine.py:12)``: what a call of a user's `module` raised, and its last line there."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    here, place = error.__traceback__, ""
    while here is not None:
        frame = here.tb_frame
        if frame.f_globals.get("__name__") == module:
            place = f" ({Path(frame.f_code.co_filename).name}:{here.tb_lineno})"
        here = here.tb_next
    return text + place


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or else ``; these exist: a, b, c``."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; these exist: {', '.join(names)}" if names else "; none exist here"
