"""Bulk couplings as they are written: which arrays, which edges, which weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    StrictStr,
    Tag,
    field_validator,
    model_validator,
)

from thermosim.netlist.fields import Count, NonNegative, Number, PositiveNumber, Raw, Section, Whole
from thermosim.netlist.lattices import NAMES
from thermosim.netlist.topologies import TOPOLOGIES
from thermosim.terms import LARGEST
from thermosim.validation import shown


class Lattice(Section):
    """Edges of a graph by name, or of a grid by index offsets to one half of the neighbours."""

    name: StrictStr | None = Field(None, description=", ".join((*NAMES, *TOPOLOGIES)))
    sizes: tuple[Count, ...] | None = Field(
        None, description="of layers [a, b, ..], chimera [m, n, t], pegasus [m] or zephyr [m, t]"
    )
    offsets: tuple[tuple[Annotated[int, Strict()], ...], ...] | None = Field(
        None, min_length=1, description="[[0, 1], [1, 0]]: index steps to half of the neighbours"
    )
    boundary: Literal["open", "torus"] | None = Field(None, description="open, or torus")

    @model_validator(mode="after")
    def _one_form(self) -> Lattice:
        if (self.name is None) == (self.offsets is None):
            raise ValueError("needs one of 'name' and 'offsets', e.g. {name: G12, boundary: torus}")
        if (self.name in TOPOLOGIES) != (self.sizes is not None):
            raise ValueError(
                f"'sizes' belongs to {', '.join(TOPOLOGIES)}, which need it, e.g. {{name: zephyr, sizes: [4]}}"
            )
        if self.sizes is not None and self.boundary is not None:
            raise ValueError(f"'{self.name}' has no boundary; leave it out")
        return self


class ProblemSource(Section):
    """Couplings and biases of a whole problem, from a file or generated; its biases add to those of the p-bits."""

    file: StrictStr | None = Field(None, description="a problem file beside the netlist")
    format: Literal["rudy", "ij", "coo", "qubo", "cnf", "logic", "dimod", "terms"] | None = Field(
        None, description="rudy, ij, coo, qubo, cnf, logic, dimod or terms; by the file's ending if left out"
    )
    first: Literal[0, 1] | None = Field(None, description="number of the first spin, where it is not the format's")
    unused: bool = Field(False, description="whether spins without edge and bias may stay")
    planted: Literal["wishart", "xorsat", "xorsat_terms", "torus"] | None = Field(
        None,
        description="wishart, xorsat (3-regular 3-XORSAT), xorsat_terms (its products) or torus (+-J), not a file",
    )
    size: Count | None = Field(None, description="spins of wishart, variables of xorsat, side of torus")
    ratio: PositiveNumber = Field(0.75, description="columns for each spin of wishart")
    seed: Whole = Field(0, description="of a generated problem")
    scale: PositiveNumber = Field(1.0, description="factor on its energy, so that it fits the synapses")

    @model_validator(mode="after")
    def _one_form(self) -> ProblemSource:
        if (self.file is None) == (self.planted is None):
            raise ValueError(
                "needs one of 'file' and 'planted', e.g. {file: petersen.rud} or {planted: torus, size: 8}"
            )
        if (self.planted is None) != (self.size is None):
            raise ValueError("'size' belongs to 'planted', which needs it")
        return self


class TableSource(Section):
    """A table for each edge between p-dits, and biases, from a file."""

    file: StrictStr = Field(description="lines 'J i j a b value' and 'h i a value' (adabmDCA), sites from 0")
    alphabet: StrictStr | None = Field(
        None, description="protein, rna, dna or the letters, where states are letters; numbers from 0 if left out"
    )


class Normal(Section):
    """Gaussian weights."""

    mean: Number = Field(0.0, description="mean of the weights")
    sigma: NonNegative = Field(description="standard deviation of the weights")


class Weights(Section):
    """Drawn weights: from a normal law, or from a list of values, each edge by itself."""

    normal: Normal | None = Field(None, description="{mean: 0, sigma: 0.1}")
    choice: tuple[Number, ...] | None = Field(None, min_length=1, description="values, equally likely")
    seed: Whole = Field(0, description="of this draw")

    @model_validator(mode="after")
    def _one_form(self) -> Weights:
        if (self.normal is None) == (self.choice is None):
            raise ValueError("needs one of 'normal' and 'choice', e.g. {normal: {mean: 0, sigma: 0.1}, seed: 1}")
        return self


def _file(*endings: str) -> BeforeValidator:
    """A file name with one of the endings."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str) or not value.endswith(endings):
            raise ValueError(f"{shown(value)}: expected a file {', '.join(endings[:-1])} or {endings[-1]}")
        return value

    return BeforeValidator(validate)


def _file_source(value: Any) -> Any:
    """A file name stands for {file: ...}."""
    return {"file": value} if isinstance(value, str) else value


def _weight_kind(value: Any) -> str:
    if isinstance(value, dict | Weights):
        return "drawn"
    if isinstance(value, list | tuple):
        return "list"
    return "file" if isinstance(value, str) and value.endswith((".npy", ".csv")) else "number"


def _one_length(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        raise ValueError(f"rows have {lengths[0]} and {lengths[-1]} entries; a matrix has rows of one length")
    return rows


Weight = Annotated[
    Annotated[Weights, Tag("drawn")]
    | Annotated[tuple[Number, ...], Tag("list")]
    | Annotated[StrictStr, Tag("file")]
    | Annotated[Number, Tag("number")],
    Discriminator(_weight_kind),
]
TermRows = Annotated[
    Annotated[tuple[tuple[Number, ...], ...], Tag("rows")] | Annotated[StrictStr, _file(".terms", ".csv"), Tag("file")],
    Discriminator(lambda value: "rows" if isinstance(value, list | tuple) else "file"),
]
Matrix = Annotated[
    Annotated[tuple[tuple[Number, ...], ...], AfterValidator(_one_length), Tag("rows")]
    | Annotated[StrictStr, _file(".npy", ".csv"), Tag("file")],
    Discriminator(lambda value: "rows" if isinstance(value, list | tuple) else "file"),
]


class Coupling(Section):
    """Edges between two arrays (`between`, each edge once), from one to the other (`from`, `to`: it feels and is not
    felt), or products of three or four p-bits (`between` with as many arrays, and `terms`)."""

    between: tuple[StrictStr, ...] | None = Field(
        None, min_length=2, description="two arrays, e.g. [s, s]; three or four for terms"
    )
    source: StrictStr | None = Field(None, alias="from", description="array that drives, e.g. s or s.out")
    to: StrictStr | None = Field(None, description="array that is driven and not felt, e.g. t or t.in")
    model: Raw = Field(description="a name under 'models', or {type: resistor, r: 1 MOhm}")
    lattice: Lattice | None = Field(None, description="{name: G12, boundary: torus} or {offsets: [[0, 1]]}")
    edges: Annotated[StrictStr, _file(".csv", ".npz", ".mtx", ".graphml", ".gml", ".edgelist")] | None = Field(
        None, description="a file .csv, .npz or .mtx with one edge per line or row; or .graphml, .gml, .edgelist"
    )
    matrix: Matrix | None = Field(None, description="a file .npy or .csv, or rows of numbers")
    problem: Annotated[ProblemSource, BeforeValidator(_file_source)] | None = Field(
        None, description="a problem file, or {file: .., scale: ..} or {planted: torus, size: 8, seed: 1}"
    )
    terms: TermRows | None = Field(
        None, description="products: rows [i, j, k, weight] of elements of the arrays, or a file .terms or .csv"
    )
    weight: Weight | None = Field(
        None, description="a number, {normal: ...}, {choice: ...}, a list, or a file .npy or .csv"
    )

    table: Annotated[tuple[tuple[Number, ...], ...], AfterValidator(_one_length)] | None = Field(
        None, description="rows of numbers: what 'weight' multiplies where p-dits couple, the identity if left out"
    )
    tables: Annotated[TableSource, BeforeValidator(_file_source)] | None = Field(
        None, description="a file with a whole table for each edge of p-dits, or {file: .., alphabet: protein}"
    )

    @field_validator("model", mode="after")
    @classmethod
    def _model(cls, value: Any) -> Any:
        if not isinstance(value, str | dict):
            raise ValueError("expected a name under 'models', or a mapping such as {type: resistor, r: 1 MOhm}")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Coupling:
        directed = self.source is not None or self.to is not None
        if (self.between is not None) == directed or (directed and (self.source is None or self.to is None)):
            raise ValueError("needs either 'between: [a, b]', or 'from' and 'to'")
        kinds = ("lattice", "edges", "matrix", "problem", "terms", "tables")
        given = [key for key in kinds if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"has both '{given[0]}' and '{given[1]}'; edges come from one of them")
        several = self.between is not None and len(self.between) > 2
        if self.between is not None and len(self.between) > LARGEST:
            raise ValueError(
                f"'between' names {len(self.between)} arrays; products have at most {LARGEST} p-bits: split longer "
                "ones with an auxiliary p-bit"
            )
        if several and not given:
            raise ValueError("three or four arrays need 'terms', e.g. terms: [[0, 1, 2, 0.5]]")
        if not given:
            raise ValueError("needs edges: one of 'lattice', 'edges', 'matrix', 'problem' and 'tables'")
        if several != (self.terms is not None):
            raise ValueError(
                f"'{given[0]}' joins two arrays, and 'between' names {len(self.between or ())}"
                if several
                else "'terms' are products of three or four p-bits: between: [s, s, s]; pairs are 'edges' or a 'matrix'"
            )
        if directed and self.problem is not None:
            raise ValueError("a problem has no direction: use 'between' for it")
        return self
