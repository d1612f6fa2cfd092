"""Linear algebra and Gaussian laws as chips: a matrix becomes a netlist, runs, and is read with error bars."""

from thermosim.compile.answer import Answer, GaussianAnswer
from thermosim.compile.chip import Cost, Effort
from thermosim.compile.determinant import DeterminantAnswer, log_determinant
from thermosim.compile.digital import Method
from thermosim.compile.parts import Parts
from thermosim.compile.tasks import (
    bayesian_regression,
    expm,
    gaussian,
    inverse,
    lyapunov,
    solve,
)

__all__ = [
    "Answer", "Cost", "DeterminantAnswer", "Effort", "GaussianAnswer", "Method", "Parts", "bayesian_regression", "expm",
    "gaussian", "inverse", "log_determinant", "lyapunov", "solve",
]  # fmt: skip
