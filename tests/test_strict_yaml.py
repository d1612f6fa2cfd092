"""The strict loader: YAML 1.2 meaning, places of values, and everything that it refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thermosim.strict_yaml as strict_yaml
from thermosim.errors import Problems
from thermosim.strict_yaml import decode, dump, parse


def read(text: str) -> tuple[Any, list[str]]:
    problems = Problems()
    tree = parse(text, "f.yaml", problems)
    return (None if tree is None else tree.plain()), [str(problem) for problem in problems.sorted()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-12", 1e-12), ("1E6", 1e6), ("1.5e6", 1.5e6), ("-1e-3", -1e-3), (".5", 0.5), ("1.", 1.0),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("NO", "NO"), ("true", True), ("False", False),
        ("010", 10), ("0o17", 15), ("0x1F", 31), ("0b11", "0b11"), ("1_000", "1_000"), ("+7", 7),
        ("12:30:00", "12:30:00"), ("1:30", "1:30"), ("2026-11-20", "2026-11-20"), ("=", "="),
        ("~", None), ("null", None), ("", None), (".inf", math.inf), ("-.inf", -math.inf),
        ("'5'", "5"), ('"on"', "on"), ("1 pF", "1 pF"), ("10k", "10k"), ("e5", "e5"), ("'{R0 / 2}'", "{R0 / 2}"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    found, problems = read(f"a: {text}\n")
    assert problems == []
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_nan_is_a_number() -> None:
    found, problems = read("a: .nan\n")
    assert problems == []
    assert math.isnan(found["a"])


def test_keys_are_text_as_written() -> None:
    assert read("0: ground\non: 1\n1e3: 2\n")[0] == {"0": "ground", "on": 1, "1e3": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: the file is empty; expected a mapping of keys to values"),
        ("# only a comment\n", "f.yaml:1:1: the file is empty; expected a mapping of keys to values"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a: key 'a' appears twice (first at 1:1)"),
        ("x: {p: 1, p: 2}\n", "f.yaml:1:11: x.p: key 'p' appears twice (first at 1:5)"),
        (
            "a: !!str 5\n",
            "f.yaml:1:4: a: explicit tag 'tag:yaml.org,2002:str'; tags are not read, write the value without it",
        ),
        ("a: !foo {}\n", "f.yaml:1:4: a: explicit tag '!foo'; tags are not read, write the value without it"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here; a file holds one"),
        ("a: &x [*x]\n", "f.yaml:1:4: a.0: an alias that contains itself"),
        ("a: {<<: {b: 1}}\n", "f.yaml:1:5: a: merge key '<<' is not read; write the keys out, or use include"),
        ("a:\n\t- b\n", "f.yaml:2:1: a tab cannot indent YAML; use spaces"),
        ("a: *q\n", "f.yaml:1:4: found undefined alias 'q'"),
        ("? [1]\n: 2\n", "f.yaml:1:3: a key must be text, not a list or mapping"),
        ("a: b: c\n", "f.yaml:1:5: not YAML: mapping values are not allowed here"),
        (
            "a: [1, 2\n",
            "f.yaml:2:1: not YAML: while parsing a flow sequence: expected ',' or ']', but got '<stream end>'",
        ),
        (
            "pins: {p: x[i], n: 0}\n",
            'f.yaml:1:12: not YAML: text with brackets needs quotes between braces, e.g. {p: "x[i]"}',
        ),
        ("a: 1e999\n", "f.yaml:1:4: a: '1e999' is too large for a number"),
        ("\x00\x01", "f.yaml:1:1: not a text file: control character 0x00; expected YAML"),
        ("a: 1\nb: \x7fELF\n", "f.yaml:2:4: not a text file: control character 0x7f; expected YAML"),
        ("[" * 100_000, "f.yaml:1:1: nested deeper than 100 levels"),
        ("- " * 5_000, "f.yaml:1:1: nested deeper than 100 levels"),
    ],
)
def test_a_refusal_has_a_place_and_a_reason(text: str, message: str) -> None:
    assert read(text)[1] == [message]


def test_all_duplicates_are_reported() -> None:
    assert len(read("a: 1\na: 2\nb: 1\nb: 2\n")[1]) == 2


def test_bytes_that_are_no_text_are_named() -> None:
    problems = Problems()
    assert decode(b"a: 1\nb: \xff\xfe", "f.yaml", problems) is None
    assert [str(problem) for problem in problems.sorted()] == [
        "f.yaml:2:4: not a text file: byte 0xff is not UTF-8; expected YAML"
    ]
    assert decode("\ufeffa: 1".encode(), "f.yaml", problems) == "a: 1"


def test_an_alias_is_a_copy() -> None:
    assert read("a: &x {b: 1}\nc: *x\n")[0] == {"a": {"b": 1}, "c": {"b": 1}}


def test_aliases_cannot_explode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "_NODE_LIMIT", 1000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 4)]
    assert any("more than 1,000 values" in problem for problem in read("\n".join(lines))[1])


def test_the_python_parser_gives_the_same_data_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: {b: [1, 'x', 1e-12]}\n# c\nd:\n  - e: |\n      text\n    f: \"é\"\n"
    trees = [parse(text, "f.yaml", Problems())]
    monkeypatch.setattr(strict_yaml, "CParser", None)
    trees.append(parse(text, "f.yaml", Problems()))
    assert trees[0] == trees[1]


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
words = st.sampled_from(
    ["on", "1e-12", "010", "0o17", "~", "null", ".inf", "12:30", "{R0 / 2}", "<<", "=", "- a", "#", "'", ""]
)
data = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1) | words.filter(lambda word: word not in ("<<", "")), data, min_size=1, max_size=4
    )
)
def test_what_is_dumped_reads_back(value: dict[str, Any]) -> None:
    problems = Problems()
    tree = parse(dump(value), "f.yaml", problems)
    assert [str(problem) for problem in problems.sorted()] == []
    assert tree is not None
    assert tree.plain() == value
