"""A netlist's text as data: includes merged, overrides applied, every value with its place.

Merging goes key by key: mappings are merged, everything else is replaced by what comes later.
An included file comes before the file that includes it; overrides come last.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from thermosim.errors import Position, Problems
from thermosim.strict_yaml import Document, Tree, decode, dump, parse, places

__all__ = ["Document", "read_file", "read_text"]


def read_file(source: Path, overrides: Mapping[str, Any], problems: Problems) -> Document | None:
    """Read a YAML file with its includes, then apply overrides; None if nothing can be read."""
    text = _content(source, problems)
    return None if text is None else read_text(text, str(source), overrides, problems)


def read_text(text: str, name: str, overrides: Mapping[str, Any], problems: Problems) -> Document | None:
    """Read YAML text as if it stood in the file `name`; includes are looked up beside that file."""
    reading = _Includes(problems)
    tree = reading.merged(text, name, (name,))
    if tree is None:
        return None
    for path, value in overrides.items():
        _override(tree, path, value, problems)
    data = tree.plain()
    changed = len(reading.sources) > 1 or bool(overrides)
    resolved = dump(data) if changed else text
    digest = sha256(resolved.encode()).hexdigest()
    return Document(data, resolved, digest, tuple(reading.sources), reading.sources, places(tree))


def _content(path: Path, problems: Problems, where: Position | None = None) -> str | None:
    """Text of a file, or a problem at `where` (the include) or at the file itself."""
    at = "include" if where else str(path)
    try:
        return decode(path.read_bytes(), str(path), problems)
    except FileNotFoundError:
        problems.add(where, at, f"no file '{path}'" if where else "no such file")
    except IsADirectoryError:
        problems.add(where, at, f"'{path}' is a directory; expected a YAML file")
    except OSError as error:
        problems.add(where, at, f"cannot read '{path}': {error.strerror}")
    return None


class _Includes:
    """Reads a file and all that it includes."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.sources: dict[str, str] = {}
        """SHA-256 of the text of each file, in the order of reading."""

    def merged(self, text: str, name: str, chain: tuple[str, ...]) -> Tree | None:
        """Mapping of a file over the mappings of its includes."""
        self.sources.setdefault(name, sha256(text.encode()).hexdigest())
        tree = parse(text, name, self.problems)
        if tree is None:
            return None
        if not isinstance(tree.value, dict):
            kind = "a list" if isinstance(tree.value, list) else f"'{tree.value}'"
            self.problems.add(tree.where, "", f"got {kind}; expected a mapping of keys to values")
            return None
        include = tree.value.pop("include", None)
        result = Tree({}, tree.where)
        for item in self._listed(include):
            part = self._included(item, name, chain)
            if part is not None:
                merge(result, part)
        merge(result, tree)
        own = {key: result.value[key] for key in tree.value}
        result.value = {**own, **result.value}
        return result

    def _listed(self, include: Tree | None) -> list[Tree]:
        if include is None:
            return []
        items = include.value if isinstance(include.value, list) else [include]
        for item in items:
            if not isinstance(item.value, str):
                self.problems.add(item.where, "include", "expected a file name or a list of file names")
        return [item for item in items if isinstance(item.value, str)]

    def _included(self, item: Tree, name: str, chain: tuple[str, ...]) -> Tree | None:
        path = Path(name).parent / item.value
        if any(path.resolve() == Path(earlier).resolve() for earlier in chain):
            shown = " -> ".join([*chain, str(path)])
            self.problems.add(item.where, "include", f"'{item.value}' includes itself: {shown}")
            return None
        text = _content(path, self.problems, item.where)
        return None if text is None else self.merged(text, str(path), (*chain, str(path)))


def merge(base: Tree, over: Tree) -> None:
    """Lay `over` on `base`, key by key."""
    for key, child in over.value.items():
        below = base.value.get(key)
        if below is not None and isinstance(below.value, dict) and isinstance(child.value, dict):
            merge(below, child)
            below.where, below.key = child.where, child.key
        else:
            base.value[key] = child
    base.where = over.where


def _override(tree: Tree, path: str, value: Any, problems: Problems) -> None:
    """Set the value at a dotted path; mappings on the way are made where there are none."""
    if hasattr(value, "tolist"):  # NumPy numbers and arrays
        value = value.tolist()
    shown = value if isinstance(value, str) else dump(value).split("\n")[0].removesuffix("...").strip()
    file = f"--set {path}={shown}"
    new = _parsed(value, file, problems) if isinstance(value, str) else _tree(value, Position(file, 1, 1))
    parts = _segments(path)
    if new is None or not parts or not all(parts):
        if new is not None:
            problems.add(Position(file, 1, 1), path, "expected a dotted path of keys, e.g. models.adc8.bits")
        return
    node = tree
    while parts:
        if isinstance(node.value, list):
            key = parts.pop(0)
            if not key.isdigit() or int(key) >= len(node.value):
                problems.add(Position(file, 1, 1), path, f"no item '{key}'; the list has 0 to {len(node.value) - 1}")
                return
            if not parts:
                node.value[int(key)] = new
            else:
                node = node.value[int(key)]
            continue
        if not isinstance(node.value, dict):
            node.value = {}
        key = _longest_key(node.value, parts)
        if not parts:
            new.key = new.where
            node.value[key] = new
        else:
            node = node.value.setdefault(key, Tree({}, new.where, new.where))


def _segments(path: str) -> list[str]:
    """Parts of a dotted path; a part in double quotes may hold dots."""
    parts, quoted = [""], False
    for character in path:
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _longest_key(mapping: Mapping[str, Tree], parts: list[str]) -> str:
    """Take the next key off `parts`; keys that hold dots, such as ``s.offset``, count as one where they exist."""
    for length in range(len(parts), 1, -1):
        key = ".".join(parts[:length])
        if key in mapping:
            del parts[:length]
            return key
    return parts.pop(0)


def _parsed(text: str, file: str, problems: Problems) -> Tree | None:
    """An override's text as YAML; ``{R0 / 2}`` needs no quotes here, the shell has eaten them."""
    if not text.strip():
        return Tree("", Position(file, 1, 1))
    quiet = Problems()
    tree = parse(text, file, quiet)
    if text.strip().startswith("{") and (tree is None or _is_bare_expression(tree)):
        return Tree(text, Position(file, 1, 1))
    problems.extend(quiet.sorted())
    return tree


def _is_bare_expression(tree: Tree) -> bool:
    """``{R0 / 2}`` reads in YAML as a mapping with keys and no values."""
    return (
        isinstance(tree.value, dict) and bool(tree.value) and all(child.value is None for child in tree.value.values())
    )


def _tree(value: Any, where: Position) -> Tree:
    """Plain Python data as a tree with one place."""
    if isinstance(value, Mapping):
        return Tree({str(key): _tree(child, where) for key, child in value.items()}, where, where)
    if isinstance(value, list | tuple):
        return Tree([_tree(child, where) for child in value], where, where)
    return Tree(value, where, where)
