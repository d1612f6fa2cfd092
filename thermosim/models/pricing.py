"""From graded parameters to a graded price: the interval, the worst grade, the sources.

low and high are the extremes of the price over the corners of the parameters' intervals, which for a
product of powers are its true extremes. A parameter without evidence was given by the netlist: assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import get_args

from thermosim.models.base import Evidence, Grade, Price

ORDER: tuple[Grade, ...] = ("measured", "derived", "modelled", "calibrated", "assumed", "unverified")
"""Best first; a derived number is as good as its inputs, which are graded too."""
NETLIST = Evidence("assumed", "netlist")

assert set(ORDER) == set(get_args(Grade))


def worst(grades: list[Grade]) -> Grade:
    """The worst of some grades."""
    return max(grades, key=ORDER.index)


def price(
    counter: str,
    action: str,
    inputs: Mapping[str, float | None],
    joules: Callable[..., float],
    evidence: Mapping[str, Evidence],
) -> Price:
    """Price an action by ``joules(**inputs)``; an input that is None leaves the action unpriced.

    Parameters
    ----------
    inputs : parameter name -> value (SI)
    evidence : parameter name -> where its value comes from
    """
    given = {name: value for name, value in inputs.items() if value is not None}
    if len(given) < len(inputs):
        missing = ", ".join(name for name in inputs if name not in given)
        return Price(counter, action, None, None, None, "unverified", f"nobody states {missing}")
    found = {name: evidence.get(name, NETLIST) for name in given}
    spans = [
        {value if item.low is None else item.low, value, value if item.high is None else item.high}
        for (value, item) in zip(given.values(), found.values(), strict=True)
    ]
    corners = [joules(**dict(zip(given, corner, strict=True))) for corner in product(*spans)]
    sources: dict[str, list[str]] = {}
    for name, item in found.items():
        sources.setdefault(f"{item.grade}, {item.source}", []).append(name)
    source = "; ".join(f"{', '.join(names)}: {text}" for text, names in sources.items())
    return Price(
        counter,
        action,
        joules(**given),
        min(corners),
        max(corners),
        worst([item.grade for item in found.values()]),
        source,
    )


def stated(counter: str, action: str, name: str, value: float | None, evidence: Mapping[str, Evidence]) -> Price:
    """Price of an action that a single parameter states outright."""
    return price(counter, action, {name: value}, lambda **given: given[name], evidence)
