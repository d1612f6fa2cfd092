"""Expressions in quotes and braces, ``"{R0 / 2}"``: arithmetic on quantities that keeps track of dimensions.

The grammar is + - * / ** with signs and parentheses, sqrt exp log sin cos min max, plain numbers, and names.
Nothing else of Python is reachable: the text is parsed to a syntax tree of which only these nodes are walked.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from thermosim.errors import suggestion
from thermosim.units import ONE, Quantity, describe, dimension_of

LONGEST = 500
DEEPEST = 40
_HIGHEST_POWER = 64
FUNCTIONS = ("cos", "exp", "log", "max", "min", "sin", "sqrt")
Names = Mapping[str, Quantity | float]


class ExpressionError(ValueError):
    """An expression that has no value; the message quotes it and says why."""


def is_expression(value: object) -> bool:
    """Whether a value of a netlist is the text of an expression."""
    return isinstance(value, str) and value.strip().startswith("{")


def evaluate(text: str, names: Names) -> Quantity:
    """Value of an expression in SI, with its dimension.

    Parameters
    ----------
    text
        The expression with its braces.
    names
        Parameters and array indices; plain numbers are dimensionless.

    Raises
    ------
    ExpressionError
        For bad syntax, an unknown name, unlike dimensions, or a value that is not a finite number.
    """
    try:
        return _Evaluation(names).value(_parse(text), 0)
    except ExpressionError as error:
        raise ExpressionError(f"'{text.strip()}': {error}") from None
    except ZeroDivisionError:
        raise ExpressionError(f"'{text.strip()}': division by zero") from None
    except OverflowError:
        raise ExpressionError(f"'{text.strip()}': the value is too large for a number") from None


def evaluate_as(text: str, unit: str, names: Names) -> float:
    """Value in SI of an expression that must have the dimension of `unit`."""
    quantity = evaluate(text, names)
    if quantity.dimension != dimension_of(unit):
        wanted = "a plain number" if unit == "1" else unit
        raise ExpressionError(f"'{text.strip()}' is {describe(quantity.dimension)}: expected {wanted}")
    return quantity.value


def tabulate(text: str, unit: str, names: Names, variable: str, values: Sequence[Quantity]) -> list[float]:
    """Values in SI of an expression of dimension `unit` at many values of one variable.

    Raises
    ------
    ExpressionError
        As of :func:`evaluate_as`, with the first value of the variable that has none.
    """
    scope = dict(names)
    found = []
    for value in values:
        scope[variable] = value
        try:
            found.append(evaluate_as(text, unit, scope))
        except ExpressionError as error:
            raise ExpressionError(f"{error} (at {variable} = {value.value:g})") from None
    return found


def names_in(text: str) -> set[str]:
    """Names that an expression uses, functions left out."""
    try:
        tree = _parse(text)
    except ExpressionError as error:
        raise ExpressionError(f"'{text.strip()}': {error}") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


@lru_cache(maxsize=256)
def _parse(text: str) -> ast.expr:
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters")
    if not (stripped.startswith("{") and stripped.endswith("}")):
        raise ExpressionError("an expression stands in braces, e.g. {R0 / 2}")
    body = stripped[1:-1].strip()
    if not body:
        raise ExpressionError("nothing between the braces")
    try:
        return ast.parse(body, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(
            f"not an expression; write numbers, names, + - * / ** and {', '.join(FUNCTIONS)}"
        ) from None


class _Evaluation:
    """Walks a syntax tree; every step yields a finite quantity or an error."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def value(self, node: ast.expr, depth: int) -> Quantity:
        if depth > DEEPEST:
            raise ExpressionError(f"nested deeper than {DEEPEST} levels")
        result = self._value(node, depth + 1)
        if not math.isfinite(result.value):
            raise OverflowError
        return result

    def _value(self, node: ast.expr, depth: int) -> Quantity:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return Quantity(float(number))
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp(op=ast.UAdd() | ast.USub() as sign, operand=operand):
                inner = self.value(operand, depth)
                return inner if isinstance(sign, ast.UAdd) else Quantity(-inner.value, inner.dimension)
            case ast.BinOp(left=left, op=symbol, right=right) if type(symbol) in _BINARY:
                return _BINARY[type(symbol)](self.value(left, depth), self.value(right, depth))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return _call(name, [self.value(argument, depth) for argument in arguments])
        raise ExpressionError(
            f"'{ast.unparse(node)}' is not allowed; write numbers, names, + - * / ** and {', '.join(FUNCTIONS)}"
        )

    def name(self, name: str) -> Quantity:
        if name not in self.names:
            raise ExpressionError(f"unknown name '{name}'{suggestion(name, self.names)}")
        found = self.names[name]
        return found if isinstance(found, Quantity) else Quantity(float(found))


def _same(verb: str, a: Quantity, b: Quantity) -> None:
    if a.dimension != b.dimension:
        raise ExpressionError(f"cannot {verb} {describe(a.dimension)} and {describe(b.dimension)}")


def _add(a: Quantity, b: Quantity) -> Quantity:
    _same("add", a, b)
    return Quantity(a.value + b.value, a.dimension)


def _subtract(a: Quantity, b: Quantity) -> Quantity:
    _same("subtract", a, b)
    return Quantity(a.value - b.value, a.dimension)


def _multiply(a: Quantity, b: Quantity) -> Quantity:
    return Quantity(a.value * b.value, a.dimension.times(b.dimension))


def _divide(a: Quantity, b: Quantity) -> Quantity:
    return Quantity(a.value / b.value, a.dimension.times(b.dimension, -1))


def _power(a: Quantity, b: Quantity) -> Quantity:
    if b.dimension != ONE:
        raise ExpressionError(f"an exponent is a plain number, not {describe(b.dimension)}")
    if a.dimension != ONE and abs(b.value) > _HIGHEST_POWER:
        raise ExpressionError(f"a power of {b.value:g} of {describe(a.dimension)}")
    return Quantity(_real(operator.pow, a.value, b.value), a.dimension.to_the(b.value))


def _real(function: Callable[..., float], *arguments: float) -> float:
    try:
        value = function(*arguments)
    except ValueError:
        value = math.nan
    if isinstance(value, complex) or math.isnan(value):
        raise ExpressionError("the value is not a real number")
    return value


_BINARY: dict[type, Callable[[Quantity, Quantity], Quantity]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}


def _call(name: str, arguments: list[Quantity]) -> Quantity:
    if name not in FUNCTIONS:
        raise ExpressionError(f"unknown function '{name}'{suggestion(name, FUNCTIONS)}")
    if name in ("min", "max"):
        if len(arguments) < 2:
            raise ExpressionError(f"{name} takes two or more values, got {len(arguments)}")
        for other in arguments[1:]:
            _same("compare", arguments[0], other)
        chosen = (min if name == "min" else max)(argument.value for argument in arguments)
        return Quantity(chosen, arguments[0].dimension)
    if len(arguments) != 1:
        raise ExpressionError(f"{name} takes one value, got {len(arguments)}")
    (argument,) = arguments
    if name == "sqrt":
        return Quantity(_real(math.sqrt, argument.value), argument.dimension.to_the(0.5))
    if argument.dimension != ONE:
        raise ExpressionError(f"{name} takes a plain number, not {describe(argument.dimension)}")
    return Quantity(_real(_PLAIN[name], argument.value))


_PLAIN: dict[str, Callable[[float], float]] = {"exp": math.exp, "log": math.log, "sin": math.sin, "cos": math.cos}
