"""Runs a deck in ngspice and reads what it prints: a line `thermosim WHAT NET ..`, then `name = value`."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from thermosim.adapters.spice import Deck, matrices
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError

_ANSWER = re.compile(r"^thermosim ([^\n]+)\n\S+\s*=\s*(\S+)", re.MULTILINE)


def available() -> bool:
    """Whether the program `ngspice` is on the path."""
    return shutil.which("ngspice") is not None


def read(text: str) -> dict[tuple[str, ...], float]:
    """``("variance", "x_0")`` -> value, of every line in the standard output of a deck of ours."""
    return {tuple(what.split()): float(value) for what, value in _ANSWER.findall(text)}


def run(deck: Deck, timeout: float = 600.0) -> tuple[tuple[Floats, Floats], ...]:
    """Mean (n,) [V] and covariance (n, n) [V^2] of each island by ngspice; `timeout` [s].

    Raises
    ------
    ThermosimError
        If ngspice is not there, fails, takes longer, or leaves an entry out.
    """
    if not available():
        raise ThermosimError("ngspice is not on the path; on Debian: apt-get install ngspice")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.cir"
        path.write_text(deck.text)
        command = ["ngspice", "-b", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=folder, check=False)
        except subprocess.TimeoutExpired:
            raise ThermosimError(f"ngspice was not done after {timeout:g} s") from None
    told = (done.stderr.strip() or done.stdout.strip())[-2000:]
    if done.returncode:
        raise ThermosimError(f"ngspice failed with {done.returncode}: {told}")
    found = read(done.stdout)
    for what, value in found.items():
        if not math.isfinite(value):
            raise ThermosimError(f"ngspice printed {value} as {' '.join(what)}: {told}")
    try:
        return matrices(deck, found)
    except KeyError as error:
        raise ThermosimError(f"ngspice printed no {' '.join(error.args[0])}: {told}") from None
