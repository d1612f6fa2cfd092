"""Device cards: the numbers of a published or assumed device, each with its evidence and source.

A card is ``devices/<model>/<source>.yaml``. Cards and shipped netlists are looked for in the user's
library, then in the checkout, then in the installed package. There is no card called "default".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from thermosim.errors import NetlistError, Problem, Problems, suggestion
from thermosim.models.base import Grade
from thermosim.strict_yaml import Document, decode, dotted, parse, places
from thermosim.validation import complaints

_PACKAGE = Path(__file__).parent


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CardValue(_Part):
    """One number of a card: `value` as text with its unit, how good the evidence is, and where it comes from."""

    value: Any
    evidence: Grade
    source: Annotated[StrictStr, Field(min_length=1, description="where the number comes from")]
    spread: tuple[Any, Any] | None = None


class CardCheck(BaseModel):
    """An observable that a card must reproduce: what, under which conditions, and the expected value."""

    model_config = ConfigDict(frozen=True, extra="allow")

    quantity: StrictStr
    expected: Any


class _CardFile(_Part):
    type: StrictStr = Field(description="the model type that the numbers are for")
    description: Annotated[StrictStr, Field(min_length=1, description="one or two sentences")]
    values: dict[str, CardValue] = Field(description="{parameter: {value, evidence, source}}")
    validity: dict[str, tuple[Any, Any]] = {}
    checks: tuple[CardCheck, ...] = ()
    references: tuple[StrictStr, ...] = ()


@dataclass(frozen=True)
class Card:
    """A card that was read; `document` knows the place of every number."""

    name: str
    type: str
    description: str
    values: dict[str, CardValue]
    validity: dict[str, tuple[Any, Any]]
    checks: tuple[CardCheck, ...]
    references: tuple[str, ...]
    document: Document


def find_card(name: str, library: Iterable[str | Path] = ()) -> Card:
    """Read a card by its name, ``<model>/<source>``.

    Raises
    ------
    NetlistError
        If there is no such card (the message lists those that exist), or for every mistake in the card.
    """
    folders = tuple(Path(folder) for folder in library)
    for folder in (*folders, *data_folders("devices")):
        path = folder / f"{name}.yaml"
        if path.is_file():
            return _read(path, name)
    known = list_cards(folders)
    message = f"unknown card '{name}'{_exist('cards', known, name)}"
    raise NetlistError([Problem(None, "", message)])


def list_cards(library: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """Names of all cards that can be found, sorted."""
    folders = (*(Path(folder) for folder in library), *data_folders("devices"))
    names = {
        path.relative_to(folder).with_suffix("").as_posix() for folder in folders for path in folder.glob("*/*.yaml")
    }
    return tuple(sorted(names))


def find_netlist(name: str | Path) -> Path:
    """Path of a netlist: a file, or the name of a shipped one, with or without ``.yaml``.

    Raises
    ------
    NetlistError
        If there is neither; the message lists the shipped netlists.
    """
    given = Path(name)
    if given.is_file():
        return given
    for folder in data_folders("netlists"):
        for candidate in (folder / f"{name}.yaml", folder / given):
            if candidate.is_file():
                return candidate
    if given.exists():
        return given  # a directory: its reader says so
    shipped = list_netlists()
    raise NetlistError([Problem(None, str(name), f"no such file{_exist('shipped netlists', shipped, str(name))}")])


def list_netlists() -> tuple[str, ...]:
    """Names of the shipped netlists, sorted."""
    return tuple(sorted({path.stem for folder in data_folders("netlists") for path in folder.glob("*.yaml")}))


def data_folders(kind: str) -> tuple[Path, ...]:
    """Where data of a kind (``devices``, ``netlists``) lies: beside the package in a checkout, or inside it."""
    checkout = _PACKAGE.parent
    folders = [checkout / kind] if (checkout / "pyproject.toml").is_file() else []
    return tuple(folder for folder in (*folders, _PACKAGE / "_data" / kind) if folder.is_dir())


def _exist(what: str, names: tuple[str, ...], wanted: str) -> str:
    if not names:
        return f"; no {what} exist"
    hint = suggestion(wanted, names)
    close = hint if "did you mean" in hint else ";"
    return f"{close} these {what} exist: {', '.join(names)}"


@lru_cache(maxsize=256)
def _cached(path: Path, name: str, modified: int) -> Card:
    problems = Problems()
    card = _parse(path, name, problems)
    problems.raise_if_any()
    assert card is not None
    return card


def _read(path: Path, name: str) -> Card:
    """A card is read once for each state of its file; elaborating an array binds it many times."""
    return _cached(path, name, path.stat().st_mtime_ns)


def _parse(path: Path, name: str, problems: Problems) -> Card | None:
    text = decode(path.read_bytes(), str(path), problems)
    tree = None if text is None else parse(text, str(path), problems)
    if text is None or tree is None:
        return None
    document = Document(tree.plain(), text, sha256(text.encode()).hexdigest(), (str(path),), _places=places(tree))
    try:
        file = _CardFile.model_validate(document.data)
    except ValidationError as error:
        for complaint in complaints(error, _CardFile, document.data):
            problems.add(document.position(complaint.path, complaint.key), dotted(complaint.path), complaint.message)
        return None
    return Card(name, file.type, file.description, file.values, file.validity, file.checks, file.references, document)


def all_cards(library: Iterable[str | Path] = ()) -> Iterator[Card]:
    """Every card that can be found, in the order of their names."""
    folders = tuple(library)
    for name in list_cards(folders):
        yield find_card(name, folders)
