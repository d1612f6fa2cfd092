"""Energy of one conversion: a number, a figure of merit, or the survey of published converters.

Walden: E = FOM_W 2^ENOB.  Schreier: FOM_S = SNDR + 10 log10((f/2)/P), hence E = P/f = 10^((SNDR - FOM_S)/10) / 2.
Survey envelope: E = 0.267 pJ + 0.1446 aJ 4^ENOB.  SNDR = 20 log10(2) ENOB + 10 log10(3/2).
Murmann, ADC Performance Survey 1997-2025, revision 2025-06-09 (724 designs), recomputed from its data file.
"""

from __future__ import annotations

from math import log2, log10
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Tag

from thermosim.models.base import Decibels, Evidence, Farads, Joules, UnitTag

ENVELOPE = (0.267e-12, 0.1446e-18)
FIRST_BIN = 4
BINS: dict[str, tuple[float, ...]] = {  # ENOB 4-5, 5-6, .. 13-14 [J]
    "best": (0.96e-12, 0.78e-12, 0.30e-12, 1.09e-12, 0.42e-12, 0.19e-12, 2.24e-12, 2.36e-12, 20.5e-12, 72e-12),
    "p10": (1.34e-12, 1.71e-12, 1.50e-12, 2.22e-12, 5.14e-12, 7.66e-12, 10.8e-12, 13.0e-12, 58.8e-12, 154e-12),
    "median": (9.2e-12, 8.8e-12, 6.9e-12, 30e-12, 110e-12, 128e-12, 253e-12, 540e-12, 1145e-12, 3000e-12),
}
SURVEY = "Murmann ADC survey, rev. 2025-06-09"
SurveyLine = Literal["envelope", "best", "p10", "median"]


class Form(BaseModel):
    """Base of the ways to state an energy."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Walden(Form):
    """Joules per conversion step."""

    walden: Joules


class Schreier(Form):
    """Schreier's figure of merit [dB]."""

    schreier: Decibels


class Survey(Form):
    """A line of the survey."""

    survey: SurveyLine


class Cdac(Form):
    """Unit capacitance [F] of a capacitive DAC."""

    cdac: Farads


def _kind(value: Any) -> str:
    if isinstance(value, Form):
        return next(iter(type(value).model_fields))
    if isinstance(value, dict):
        return str(next(iter(value))) if len(value) == 1 else "nothing"
    return "joules"


_NUMBER = Annotated[Joules, Tag("joules")]
AdcEnergy = Annotated[
    _NUMBER
    | Annotated[Walden, Tag("walden")]
    | Annotated[Schreier, Tag("schreier")]
    | Annotated[Survey, Tag("survey")],
    Discriminator(
        _kind,
        custom_error_type="energy",
        custom_error_message="expected joules, {walden: joules per step}, {schreier: dB} or "
        "{survey: envelope|best|p10|median}",
    ),
    UnitTag("J"),
]
DacEnergy = Annotated[
    _NUMBER | Annotated[Cdac, Tag("cdac")],
    Discriminator(
        _kind, custom_error_type="energy", custom_error_message="expected joules or {cdac: unit capacitance}"
    ),
    UnitTag("J"),
]


def effective_bits(bits: int, noise_steps: float) -> float:
    """Effective number of bits with input noise of `noise_steps` [LSB rms] beside the quantisation noise."""
    return bits - 0.5 * log2(1 + 12 * noise_steps**2)


def walden_energy(joules_per_step: float, enob: float) -> float:
    """Energy of one conversion [J] from Walden's figure of merit."""
    return float(joules_per_step * 2**enob)


def schreier_energy(merit: float, enob: float) -> float:
    """Energy of one conversion [J] from Schreier's figure of merit [dB]."""
    sndr = 20 * log10(2) * enob + 10 * log10(1.5)
    return float(10 ** ((sndr - merit) / 10) / 2)


def survey_energy(line: SurveyLine, enob: float) -> float:
    """Energy of one conversion [J] on a line of the survey.

    Binned lines keep their first bin below 4 bits and grow fourfold per bit beyond 14: extrapolations.
    """
    if line == "envelope":
        return float(ENVELOPE[0] + ENVELOPE[1] * 4**enob)
    table = BINS[line]
    last = len(table) - 1
    index = min(max(int(enob) - FIRST_BIN, 0), last)
    beyond = max(enob - (FIRST_BIN + len(table)), 0.0)
    return float(table[index] * 4**beyond)


def _survey_evidence(line: SurveyLine, enob: float) -> Evidence:
    """Interval and grade of a survey line: from the best design at this resolution to the median one."""
    inside = FIRST_BIN <= enob <= FIRST_BIN + len(BINS["best"])
    values = [survey_energy(name, enob) for name in ("best", "median")]
    value = survey_energy(line, enob)
    source = f"{SURVEY}, {line} at {enob:.2f} effective bits"
    if not inside:
        source += ", extrapolated: the table covers 4 to 14"
    return Evidence("derived" if inside else "assumed", source, min(value, *values), max(value, *values))


def adc_energy(form: Walden | Schreier | Survey, enob: float) -> tuple[float, Evidence]:
    """Energy of one conversion [J] at `enob` effective bits, with where it comes from."""
    if isinstance(form, Survey):
        return survey_energy(form.survey, enob), _survey_evidence(form.survey, enob)
    if isinstance(form, Walden):
        return walden_energy(form.walden, enob), Evidence("derived", f"Walden's figure at {enob:.2f} effective bits")
    return schreier_energy(form.schreier, enob), Evidence("derived", f"Schreier's figure at {enob:.2f} effective bits")
