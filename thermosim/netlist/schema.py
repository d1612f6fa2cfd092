"""The sections of a netlist file, as they are written; what a value means is settled when the chip is elaborated."""

from __future__ import annotations

from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PrivateAttr,
    StrictStr,
    Tag,
    field_validator,
    model_validator,
)

from thermosim.models.base import Kelvins, Latency, Share
from thermosim.netlist.couplings import Coupling
from thermosim.netlist.fields import (
    AnyQuantity,
    Count,
    Duration,
    Every,
    Net,
    Number,
    OpenSection,
    PositiveNumber,
    Raw,
    Reason,
    Section,
    Texts,
    Whole,
)
from thermosim.netlist.generators import Generator
from thermosim.netlist.schedule import Schedule
from thermosim.strict_yaml import Document
from thermosim.units import Span
from thermosim.validation import shown

KINDS = ("model", "type", "subcircuit")


class Instance(OpenSection):
    """One part of the chip, or an array of them; the parameters of a model or type stand beside these keys."""

    model: StrictStr | None = Field(None, description="a name under 'models'")
    type: StrictStr | None = Field(None, description="a model type, its parameters beside it")
    subcircuit: StrictStr | None = Field(None, description="a name under 'subcircuits'")
    shape: tuple[Count, ...] = Field((), min_length=1, max_length=2, description="[n] or [rows, columns]")
    pins: dict[str, Net] = Field({}, description="net of each pin, e.g. {p: x, n: 0}")
    parameters: dict[str, Raw] = Field({}, description="parameters of the subcircuit")

    @model_validator(mode="after")
    def _one_kind(self) -> Instance:
        given = [key for key in KINDS if getattr(self, key) is not None]
        if not given:
            close = [(key, word) for key in self.model_extra or {} for word in get_close_matches(key, KINDS, n=1)]
            hint = f"; did you mean '{close[0][1]}' by '{close[0][0]}'?" if close else ""
            raise ValueError(f"needs one of 'model', 'type' and 'subcircuit'{hint}")
        if len(given) > 1:
            raise ValueError(f"has both '{given[0]}' and '{given[1]}'; an instance has one of them")
        if self.parameters and self.subcircuit is None:
            raise ValueError(f"'parameters' is for subcircuits; parameters of a {given[0]} stand beside '{given[0]}'")
        return self

    @property
    def raw(self) -> dict[str, Any]:
        """What :func:`thermosim.netlist.bind` reads: the model or type and the parameters beside it."""
        kind = {"model": self.model} if self.model is not None else {"type": self.type}
        return {**kind, **(self.model_extra or {})}


class Subcircuit(Section):
    """A part made of parts: `ports` are the nets seen from outside, `parameters` have defaults."""

    ports: tuple[StrictStr, ...] = Field(description="nets seen from outside, e.g. [x, drive]")
    parameters: dict[str, AnyQuantity] = Field({}, description="defaults, e.g. {C: 1 pF}")
    instances: dict[str, Instance] = Field({}, description="the parts inside")
    couplings: dict[str, Coupling] = Field({}, description="bulk edges inside")


class GaussianMixture(Section):
    """A mixture of Gaussians with one sigma: `means` (components, nets) and `sigma` in `unit`."""

    means: tuple[tuple[Number, ...], ...] = Field(min_length=1, description="a list of one mean per component")
    sigma: PositiveNumber = Field(description="of every component, in 'unit'")
    weights: tuple[PositiveNumber, ...] | None = Field(None, description="relative weights; equal if left out")
    unit: StrictStr = Field("V", description="unit of means and sigma, e.g. mV")

    @model_validator(mode="after")
    def _shapes(self) -> GaussianMixture:
        lengths = sorted({len(mean) for mean in self.means})
        if len(lengths) > 1:
            raise ValueError(f"means have {lengths[0]} and {lengths[-1]} entries; every mean has one for each net")
        if self.weights is not None and len(self.weights) != len(self.means):
            raise ValueError(f"{len(self.weights)} weights for {len(self.means)} means")
        return self


class NamedLaw(Section):
    """A target law by name, of the nets in `of`."""

    gaussian_mixture: GaussianMixture = Field(description="{means: [[..], ..], sigma: .., unit: mV}")
    of: Texts | None = Field(None, description="nets that the law speaks of")


Target = Annotated[
    Annotated[Literal["as_drawn", "as_programmed"], Tag("name")] | Annotated[NamedLaw, Tag("law")],
    Discriminator(lambda value: "law" if isinstance(value, dict | NamedLaw) else "name"),
]


class Spread(Section):
    """Standard deviation: plainly (`sigma`), or by Pelgrom's law sigma = pelgrom / sqrt(w l)."""

    sigma: Raw = Field(None, description="in the parameter's unit, or relative in %")
    pelgrom: Raw = Field(
        None, description="in the parameter's unit times m, or m for a relative spread, e.g. 3.4 mV*um"
    )
    w: Raw = Field(None, description="width of the device")
    l: Raw = Field(None, description="length of the device")  # noqa: E741 - the designer's name

    @model_validator(mode="after")
    def _one_form(self) -> Spread:
        if (self.sigma is None) == (self.pelgrom is None):
            raise ValueError(
                "needs one of 'sigma' and 'pelgrom', e.g. {sigma: 3 %} or {pelgrom: 3.4 mV*um, w: 1 um, l: 1 um}"
            )
        sizes = [key for key in ("w", "l") if getattr(self, key) is not None]
        if self.pelgrom is not None and len(sizes) < 2:
            raise ValueError("pelgrom needs the width 'w' and the length 'l' of the device")
        if self.sigma is not None and sizes:
            raise ValueError(f"'{sizes[0]}' belongs to pelgrom; sigma stands alone")
        return self


class Variation(Section):
    """How this die differs from the drawing: a corner, one draw per die, one draw per element."""

    corner: StrictStr = Field("typical", description="'typical', or a name under 'corners'")
    corners: dict[str, dict[str, PositiveNumber]] = Field({}, description="factors by path, for corners by name")
    seed: Whole = Field(0, description="of process and mismatch; not the seed of the noise")
    die: Whole = Field(0, description="number of the die under that seed")
    process: dict[str, Spread] = Field({}, description="one draw per die, by path, e.g. {s.tau0: {sigma: 10 %}}")
    mismatch: dict[str, Spread] = Field({}, description="one draw per element, by path")


class Controller(OpenSection):
    """The digital side: what it reads and writes, when, by which program, on which arithmetic."""

    program: StrictStr = Field(
        description="between converters proportional, score, network; of p-bits calibrate (rounds, draws, step); or "
        "module:Class"
    )
    clock: StrictStr = Field(description="the clock net that it steps on")
    reads: dict[str, StrictStr] = Field(
        {}, description="code nets by port, e.g. {y: 'y[*]'}, or arrays of p-bits, {y: s}"
    )
    writes: dict[str, StrictStr] = Field({}, description="code nets by port, or s.trim, s.bias, updates.beta")
    network: StrictStr | None = Field(None, description="'target', or a file .npz or .onnx")
    latency: Latency = Field(
        Span(0, "cycles"), description="from its tick to its writes", json_schema_extra={"default": "0 cycles"}
    )
    arithmetic: Raw = Field(None, description="a name under 'models', {card: ...} or {type: digital, ...}")

    @field_validator("arithmetic", mode="after")
    @classmethod
    def _spec(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, str | dict):
            raise ValueError("expected a name under 'models', {card: ...} or {type: digital, ...}")
        return value

    @property
    def options(self) -> dict[str, Any]:
        """Keys that belong to the program."""
        return dict(self.model_extra or {})


class Updates(Section):
    """Which p-bits are updated when: clocked, or free-running in continuous time."""

    order: Literal["coloured", "sequential", "random", "parallel", "subset", "free"] = Field(
        "coloured",
        description="per tick coloured: one colour; sequential: one p-bit in turn; random: one p-bit, each equally "
        "likely; parallel: all, and subset: each with 'chance' (both not Boltzmann); free: no clock, continuous time",
    )
    clock: StrictStr | None = Field(None, description="clock net of p-bits whose clock pin is open")
    rng: Literal["held", "free"] = Field(
        "held",
        description="held: an RNG sees constant neighbours in its own slot; free: live ones always (not Boltzmann)",
    )
    chance: Share | None = Field(None, description="of a p-bit to be updated in a tick of order subset, e.g. 0.1")
    every: Duration | None = Field(
        None, description="grid on which p-bits of order free are observed; the shortest tau0 if left out"
    )
    step: Duration | None = Field(
        None,
        description="of p-bits whose inner state is integrated in time; half of the longest they allow if left out",
    )
    beta: PositiveNumber = Field(1.0, description="inverse temperature of the law")

    @model_validator(mode="after")
    def _fitting(self) -> Updates:
        if self.order == "subset" and not self.chance:
            raise ValueError("order subset needs the chance of a p-bit to be updated in a tick, e.g. chance: 0.1")
        if self.chance is not None and self.order != "subset":
            raise ValueError(f"'chance' belongs to order subset; order {self.order} has none")
        if self.order == "parallel" and self.rng == "free":
            raise ValueError("order parallel latches every RNG at every tick: held and free are one; leave 'rng' out")
        if self.step is not None and (self.step.unit != "s" or not self.step.value > 0):
            raise ValueError("'step' is a time above zero, e.g. 1 ps")
        if self.order != "free":
            if self.every is not None:
                raise ValueError(f"'every' belongs to order free; order {self.order} is observed once a sweep")
            return self
        if self.clock is not None:
            raise ValueError("p-bits of order free have no clock; leave 'clock' out")
        if "rng" in self.model_fields_set and self.rng == "held":
            raise ValueError("nothing holds an RNG of order free; leave 'rng' out")
        if self.every is not None and (self.every.unit != "s" or not self.every.value > 0):
            raise ValueError("'every' of order free is a time above zero, e.g. 100 ns")
        return self


class Run(Section):
    """The default testbench."""

    duration: Duration = Field(description="the recorded window, e.g. 10 ms or 4000 sweeps")
    burn_in: Duration = Field(
        Span(Fraction(0), "s"), description="time or sweeps before it", json_schema_extra={"default": "0 s"}
    )
    replicas: Count = Field(1, description="noise copies of the die")
    record: dict[str, Every] = Field({}, description="nets or p-bit arrays, e.g. {x: every 1 us}")
    read: Every | None = Field(
        None, description="how often the host reads the p-bits, at their price, e.g. every 100 sweeps; a read is a draw"
    )
    measure: tuple[Literal["energy", "heat", "information", "mixing", "target"], ...] = Field(
        ("energy", "mixing", "target"),
        description="what the summary holds; heat books every resistor, information what controllers learn",
    )
    jumps: Literal["auto", "exact", "leap"] = Field(
        "auto", description="charges of transistors and diodes: one by one, in leaps, or by the size of a charge"
    )
    scheme: Literal["splitting", "heun", "euler"] = Field(
        "splitting", description="of nonlinear analog networks; splitting steps their linear part exactly"
    )
    step: Duration | None = Field(
        None, description="longest step of nonlinear analog networks, e.g. 1 ns; by their rates if left out"
    )
    growth: Literal["refused", "allowed"] = Field(
        "refused", description="whether active elements may make a network grow without end"
    )

    @model_validator(mode="after")
    def _a_time(self) -> Run:
        if self.step is not None and (self.step.unit != "s" or not self.step.value > 0):
            raise ValueError("'step' is a time above zero, e.g. 1 ns")
        return self


def _version(value: Any) -> Any:
    if value != 1:
        raise ValueError(f"language version {shown(value)} is unknown; write 'thermosim: 1'")
    return value


class Netlist(Section):
    """A whole netlist file; `document` knows where every value stands."""

    thermosim: Annotated[Literal[1], BeforeValidator(_version)] = Field(
        description="the version of the language; write 'thermosim: 1' first"
    )
    name: StrictStr = Field("", description="the chip's name; the file's name if left out")
    description: StrictStr = Field("", description="one or two sentences for the reader")
    temperature: Kelvins = Field(300.0, description="of the chip", json_schema_extra={"default": "300 K"})
    parameters: dict[str, Raw] = Field({}, description="quantities by name, for expressions")
    library: Texts = Field((), description="directories with cards of your own")
    models: dict[str, dict[str, Raw]] = Field({}, description="cards with overrides, or types with their parameters")
    subcircuits: dict[str, Subcircuit] = Field({}, description="parts made of parts")
    instances: dict[str, Instance] = Field({}, description="the parts of the chip")
    couplings: dict[str, Coupling] = Field({}, description="bulk edges between arrays")
    generators: dict[str, Generator] = Field({}, description="gains that change in time, for 'gain: NAME'")
    target: Target = Field(
        "as_drawn", description="as_drawn, as_programmed, or a law by name, e.g. {gaussian_mixture: ...}"
    )
    variation: Variation = Field(Variation(), description="how this die differs from the drawing")
    controllers: dict[str, Controller] = Field({}, description="the digital side")
    updates: Updates = Field(Updates(), description="update discipline of clocked p-bits")
    schedule: Schedule = Field(Schedule(), description="what changes during the run, e.g. {beta: {from: 0.1, ..}}")
    silence: dict[str, Reason] = Field({}, description="lints that may stay, each with the reason why")
    run: Run = Field(description="the testbench, e.g. {duration: 10 ms, replicas: 64}")

    _document: Document = PrivateAttr()

    @property
    def document(self) -> Document:
        """The text that this was read from."""
        return self._document
