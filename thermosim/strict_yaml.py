"""Strict YAML 1.2 reading: every value keeps its line and column, and nothing is guessed.

PyYAML resolves YAML 1.1, where ``on`` is true, ``010`` is eight and ``1e-12`` is text. Here PyYAML only
composes nodes; plain scalars are resolved by the core schema of YAML 1.2.2, section 10.3. Duplicate keys,
explicit tags, merge keys, a second document and recursive aliases are problems with a place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from thermosim.errors import Position, Problems

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # PyYAML without libyaml: the same nodes, slower
    CParser = None  # type: ignore[assignment,misc]

Path = tuple[str | int, ...]
_NODE_LIMIT = 2_000_000
_DEPTH_LIMIT = 100
_PLAIN, _TEXT, _COLLECTION = "plain", "text", "collection"
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BRACKETS = re.compile(r"[\[\]{}]")
_DEEP_BLOCK = re.compile(r"^[ \-?:]{500}", re.MULTILINE)
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}


@dataclass
class Tree:
    """A value with its place: `value` is a scalar, a list of trees, or a dictionary of trees by key."""

    value: Any
    where: Position
    key: Position | None = None
    """Place of the key that holds this value."""

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data that knows where each value stands.

    `text` reads back as `data` (includes and overrides already in it); `sha256` is its hash; `files` are
    the names of all files read, as the user gave them, the main file first. `sources` has the SHA-256 of these and of
    every other file that the netlist led to (couplings, networks, cards), by the name that it has in the netlist.
    """

    data: dict[str, Any]
    text: str
    sha256: str
    files: tuple[str, ...]
    sources: dict[str, str] = field(repr=False, compare=False, default_factory=dict)
    _places: Mapping[Path, tuple[Position, Position | None]] = field(repr=False, compare=False, default_factory=dict)

    def note(self, name: str, content: bytes) -> None:
        """Remember what was read under `name`, so that a record is never held against another content."""
        self.sources[name] = sha256(content).hexdigest()

    def position(self, path: Path, key: bool = False) -> Position | None:
        """Place of the value at `path`, or of its key; of the nearest ancestor when there is no such value."""
        for length in range(len(path), -1, -1):
            place = self._places.get(path[:length])
            if place is not None:
                return place[1] if key and length == len(path) and place[1] is not None else place[0]
        return None


def places(tree: Tree) -> dict[Path, tuple[Position, Position | None]]:
    """Place of every value, and of its key, by path."""
    found: dict[Path, tuple[Position, Position | None]] = {}
    pending: list[tuple[Path, Tree]] = [((), tree)]
    while pending:
        path, node = pending.pop()
        found[path] = (node.where, node.key)
        if isinstance(node.value, dict):
            pending.extend(((*path, key), child) for key, child in node.value.items())
        elif isinstance(node.value, list):
            pending.extend(((*path, index), child) for index, child in enumerate(node.value))
    return found


def resolve(text: str) -> Any:
    """Value of a plain scalar by the core schema of YAML 1.2; raises ValueError for a number past the range."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 400:
            raise ValueError(f"'{text[:20]}...' is too large for a number")
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(f"'{text}' is too large for a number")
        return number
    return text


def decode(content: bytes, file: str, problems: Problems) -> str | None:
    """Text of a UTF-8 file, or a problem that says which byte is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        problems.add(
            Position(file, line, column),
            "",
            f"not a text file: byte 0x{content[error.start]:02x} is not UTF-8; expected YAML",
        )
        return None


def parse(text: str, file: str, problems: Problems) -> Tree | None:
    """Read one YAML document; everything wrong with it goes to `problems`, None if there is no value at all."""
    try:
        node = _compose(text)
    except ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        where = Position(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        problems.add(where, "", f"not a text file: control character 0x{code:02x}; expected YAML")
        return None
    except yaml.MarkedYAMLError as error:
        problems.add(_mark(error.problem_mark or error.context_mark, file), "", _syntax(error))
        return None
    except RecursionError:
        problems.add(Position(file, 1, 1), "", f"nested deeper than {_DEPTH_LIMIT} levels")
        return None
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN and node.value == ""):
        problems.add(Position(file, 1, 1), "", "the file is empty; expected a mapping of keys to values")
        return None
    return _Reading(file, problems).tree(node, ())


class _Tags(Resolver):
    """Marks nodes by how they were written instead of guessing types; explicit tags stay visible."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _TEXT

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Path resolvers are not used."""

    def ascend_resolver(self) -> None:
        """Path resolvers are not used."""


class _PlainLoader(Reader, Scanner, Parser, Composer, _Tags):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _Tags.__init__(self)


if CParser is not None:

    class _FastLoader(CParser, _Tags):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _Tags.__init__(self)


def _compose(text: str) -> yaml.Node | None:
    """Root node; libyaml where it is there, but errors always in the words of the Python parser."""
    if CParser is not None and not _too_deep_for_libyaml(text):
        try:
            return _FastLoader(text).get_single_node()
        except yaml.YAMLError:
            pass
    return _PlainLoader(text).get_single_node()


def _too_deep_for_libyaml(text: str) -> bool:
    """Whether the text may nest so deeply that the C parser, which recurses without a check, would crash."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest > 500 or _DEEP_BLOCK.search(text) is not None


def _mark(mark: Any, file: str) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark is not None else Position(file, 1, 1)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "unreadable"
    if "'\\t'" in problem:
        return "a tab cannot indent YAML; use spaces"
    if problem == "but found another document":
        return "a second document starts here; a file holds one"
    if "found duplicate anchor" in problem or "undefined alias" in problem:
        return problem
    if problem == "expected ',' or '}', but got '['":
        return 'not YAML: text with brackets needs quotes between braces, e.g. {p: "x[i]"}'
    context = f"{error.context}: " if error.context else ""
    return f"not YAML: {context}{problem}"


class _Reading:
    """Turns nodes into trees, keeping count so that nested aliases cannot explode."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.nodes = 0
        self.open: set[int] = set()

    def tree(self, node: yaml.Node, path: Path) -> Tree:
        where = _mark(node.start_mark, self.file)
        self.nodes += 1
        if id(node) in self.open:
            self.add(where, path, "an alias that contains itself")
            return Tree(None, where)
        if len(self.open) >= _DEPTH_LIMIT:
            self.add(where, path, f"nested deeper than {_DEPTH_LIMIT} levels")
            return Tree(None, where)
        if self.nodes > _NODE_LIMIT:
            self.problems.add(where, "", f"more than {_NODE_LIMIT:,} values; keep large tables in files of their own")
            return Tree(None, where)
        if node.tag not in (_PLAIN, _TEXT, _COLLECTION):
            self.add(where, path, f"explicit tag '{node.tag}'; tags are not read, write the value without it")
        self.open.add(id(node))
        try:
            return Tree(self.value(node, path, where), where)
        finally:
            self.open.discard(id(node))

    def value(self, node: yaml.Node, path: Path, where: Position) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.tree(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if node.tag != _PLAIN:
            return node.value
        try:
            return resolve(node.value)
        except ValueError as error:
            self.add(where, path, str(error))
            return None

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            where = _mark(key_node.start_mark, self.file)
            if not isinstance(key_node, yaml.ScalarNode):
                self.add(where, path, "a key must be text, not a list or mapping")
                continue
            key = key_node.value
            if key == "<<" and key_node.tag == _PLAIN:
                self.add(where, path, "merge key '<<' is not read; write the keys out, or use include")
                continue
            if key in found:
                first = found[key].key
                at = f" (first at {first.line}:{first.column})" if first else ""
                self.add(where, (*path, key), f"key '{key}' appears twice{at}")
                continue
            child = self.tree(value_node, (*path, key))
            child.key = where
            found[key] = child
        return found

    def add(self, where: Position, path: Path, message: str) -> None:
        self.problems.add(where, dotted(path), message)


def dotted(path: Path) -> str:
    """``("models", "adc", "bits")`` as ``models.adc.bits``."""
    return ".".join(str(part) for part in path)


def dump(data: Any) -> str:
    """YAML text that :func:`parse` reads back as `data`."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.2 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    try:
        plain = resolve(text) == text and text.isprintable()
    except ValueError:
        plain = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)
