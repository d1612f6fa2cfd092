"""Probabilistic dit: a cell of q states whose draw is an internal Markov chain that is left to relax.

P(c = a | rest) = exp(beta f(a)) / sum_b exp(beta f(b)),   f(a) = sum_j J_ij(a, c_j) + h(a)
in a slot of length D an old state is kept with probability exp(-D / (q tau0)): one step of tau0 renews one of q states
E_update = steps q e_step + e_rest
The steps, their number (about 10 q) and their energy: Jelincic and Walker, arXiv:2606.17327, supplementary note 2. That
they forget at the rate 1 / (q tau0), so that 10 q of them leave e^-10, is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from thermosim.models.base import (
    Evidence,
    Joules,
    Model,
    Number,
    Pin,
    PositiveNumber,
    PositiveSeconds,
    Price,
    PriceContext,
    count,
)
from thermosim.models.pricing import price, stated

MOST_STATES = 100


class Pdit(Model):
    """Clocked p-dit of `q` states; `bias` the dimensionless h of each, none if left out.

    `tau0` [s] is one relaxation step of the cell's own chain, `steps` how many of them a draw takes for each state. The
    energy of a draw is `e_step` [J] for each step and `e_rest` for what adds up the inputs, wires and clocks.
    """

    family: ClassVar[Literal["pdit"]] = "pdit"
    pins: ClassVar[tuple[Pin, ...]] = (Pin("clock", "clock", "in", optional=True),)
    counters: ClassVar[tuple[str, ...]] = ("updates",)
    mismatched: ClassVar[tuple[str, ...]] = ("tau0",)

    type: Literal["pdit"] = "pdit"
    q: Annotated[int, *count(2, MOST_STATES)]
    tau0: PositiveSeconds
    steps: PositiveNumber = 10.0
    bias: tuple[Number, ...] | None = None
    e_step: Joules | None = None
    e_rest: Joules | None = None

    @model_validator(mode="after")
    def _biased_each(self) -> Self:
        if self.bias is not None and len(self.bias) != self.q:
            raise ValueError(f"bias has {len(self.bias)} entries and q is {self.q}; state one for each state")
        return self

    @property
    def draw_time(self) -> float:
        """Time [s] that a draw takes: `steps` of tau0 for each state."""
        return self.steps * self.q * self.tau0

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update of one cell: `draw`, the steps of its chain, and `rest`."""
        inputs: dict[str, float | None] = {"steps": self.steps, "q": float(self.q), "e_step": self.e_step}
        graded = {**evidence, "q": Evidence("derived", "number of states")}
        return (
            price("updates", "draw", inputs, lambda steps, q, e_step: steps * q * e_step, graded),
            stated("updates", "rest", "e_rest", self.e_rest, evidence),
        )
