"""Documents: includes, overrides, places, and the text that a record keeps."""
# ruff: noqa: E501 - whole messages stand on one line

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thermosim.errors import Position, Problems
from thermosim.netlist.document import Document, read_file, read_text

MAIN = """\
name: main
include: [a.yaml, sub/b.yaml]
models:
  r: {type: resistor, r: 1 kOhm}
shape: [4, 5]
variation: {mismatch: {s.offset: {sigma: 1 mV}}}
"""


def document(text: str, **overrides: Any) -> Document:
    problems = Problems()
    found = read_text(text, "main.yaml", overrides, problems)
    problems.raise_if_any()
    assert found is not None
    return found


def complaints(text: str, overrides: dict[str, Any] | None = None) -> list[str]:
    problems = Problems()
    read_text(text, "main.yaml", overrides or {}, problems)
    return [str(problem) for problem in problems.sorted()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.yaml").write_text("models: {r: {type: capacitor, c: 1 pF}, a: {type: x}}\nshape: [1]\nown: a\n")
    (tmp_path / "sub/b.yaml").write_text("include: c.yaml\nmodels:\n  a: {type: y}\n")
    (tmp_path / "sub/c.yaml").write_text("deep: {x: 1}\nown: c\n")
    (tmp_path / "main.yaml").write_text(MAIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_includes_merge_key_by_key_and_later_wins(folder: Path) -> None:
    problems = Problems()
    found = read_file(Path("main.yaml"), {}, problems)
    problems.raise_if_any()
    assert found is not None
    assert found.data["models"] == {"r": {"type": "resistor", "c": "1 pF", "r": "1 kOhm"}, "a": {"type": "y"}}
    assert found.data["shape"] == [4, 5]
    assert found.data["own"] == "c"
    assert "include" not in found.data
    assert next(iter(found.data)) == "name"
    assert found.files == ("main.yaml", "a.yaml", "sub/b.yaml", "sub/c.yaml")
    assert found.position(("models", "r", "c")) == Position("a.yaml", 1, 34)
    assert found.position(("models", "a", "type")) == Position("sub/b.yaml", 3, 13)
    assert found.position(("shape", 1)) == Position("main.yaml", 5, 12)


def test_the_resolved_text_reads_back_as_the_same_data(folder: Path) -> None:
    problems = Problems()
    found = read_file(Path("main.yaml"), {"models.r.r": "2 kOhm", "odd": "'1e-12'"}, problems)
    assert found is not None
    assert document(found.text).data == found.data
    assert found.sha256 == sha256(found.text.encode()).hexdigest()


def test_text_without_includes_or_overrides_is_kept_to_the_letter() -> None:
    assert document("a: 1  # why\n").text == "a: 1  # why\n"


def test_positions_of_keys_and_ancestors() -> None:
    found = document("a:\n  b: {c: 5}\n")
    assert found.position(("a", "b", "c")) == Position("main.yaml", 2, 10)
    assert found.position(("a", "b", "c"), key=True) == Position("main.yaml", 2, 7)
    assert found.position(("a", "b", "missing", 3)) == Position("main.yaml", 2, 6)
    assert found.position(("a", "b", "missing"), key=True) == Position("main.yaml", 2, 6)
    assert found.position(()) == Position("main.yaml", 1, 1)


@pytest.mark.parametrize(
    ("path", "value", "where", "data"),
    [
        ("models.r.r", "2 kOhm", ("models", "r", "r"), "2 kOhm"),
        ("models.r.r", "{R0 / 2}", ("models", "r", "r"), "{R0 / 2}"),
        ("models.r.bits", "6", ("models", "r", "bits"), 6),
        ("models.r.bits", 6, ("models", "r", "bits"), 6),
        ("models.r.bits", np.int64(6), ("models", "r", "bits"), 6),
        ("models.r.on", "on", ("models", "r", "on"), "on"),
        ("models.r", "{type: capacitor}", ("models", "r"), {"type": "capacitor"}),
        ("models.r", {"type": "capacitor"}, ("models", "r"), {"type": "capacitor"}),
        ("models.r.levels", np.array([0.5, 1.0]), ("models", "r", "levels"), [0.5, 1.0]),
        ("shape", "[2, 3]", ("shape",), [2, 3]),
        ("shape.1", "7", ("shape",), [4, 7]),
        ("variation.mismatch.s.offset.sigma", "2 mV", ("variation", "mismatch", "s.offset", "sigma"), "2 mV"),
        ('variation.mismatch."s.gain".sigma', "3 %", ("variation", "mismatch", "s.gain", "sigma"), "3 %"),
        ("run.record.x", "every 1 us", ("run", "record", "x"), "every 1 us"),
        ("name", "", ("name",), ""),
    ],
)
def test_an_override_sets_one_value(path: str, value: Any, where: tuple[Any, ...], data: Any) -> None:
    found: Any = document(MAIN.replace("include: [a.yaml, sub/b.yaml]\n", ""), **{path: value})
    here = found.data
    for key in where:
        here = here[key]
    assert here == data
    place = found.position(where if path != "shape.1" else ("shape", 1))
    assert place.file.startswith(f"--set {path}=")
    assert (place.line, place.column) == (1, 1)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"a..b": "1"}, "--set a..b=1:1:1: a..b: expected a dotted path of keys, e.g. models.adc8.bits"),
        ({"shape.5": "1"}, "--set shape.5=1:1:1: shape.5: no item '5'; the list has 0 to 1"),
        ({"shape.x": 1}, "--set shape.x=1:1:1: shape.x: no item 'x'; the list has 0 to 1"),
        (
            {"name": "[1, 2"},
            "--set name=[1, 2:1:6: not YAML: while parsing a flow sequence: expected ',' or ']', but got '<stream end>'",
        ),
    ],
)
def test_a_bad_override_is_named(overrides: dict[str, Any], message: str) -> None:
    assert complaints("name: x\nshape: [4, 5]\n", overrides) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n- 2\n", "main.yaml:1:1: got a list; expected a mapping of keys to values"),
        ("hello\n", "main.yaml:1:1: got 'hello'; expected a mapping of keys to values"),
        ("include: 3\n", "main.yaml:1:10: include: expected a file name or a list of file names"),
        ("a: 1\ninclude: [none.yaml]\n", "main.yaml:2:11: include: no file 'none.yaml'"),
        ("include: sub\n", "main.yaml:1:10: include: 'sub' is a directory; expected a YAML file"),
        ("include: main.yaml\n", "main.yaml:1:10: include: 'main.yaml' includes itself: main.yaml -> main.yaml"),
        ("include: x.yaml\n", "sub/y.yaml:1:10: include: '../x.yaml' includes itself: main.yaml -> x.yaml -> sub/y.yaml -> sub/../x.yaml"),
    ],
)  # fmt: skip
def test_a_bad_file_or_include_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "x.yaml").write_text("include: sub/y.yaml\n")
    (folder / "sub/y.yaml").write_text("include: ../x.yaml\n")
    assert complaints(text) == [message]


def test_the_same_file_may_be_included_twice_without_a_cycle(folder: Path) -> None:
    assert document("include: [a.yaml, sub/b.yaml, a.yaml]\n").data["own"] == "a"
