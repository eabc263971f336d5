"""What a name in model code can stand for while the code is followed.

Plain values (numbers, strings, tuples, lists, dicts, None) stand for themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.network.dataclass import dataclass, field

if TYPE_CHECKING:
    import ast

Scalar: TypeAlias = int | float | str | bool | None

#: A call's arguments, by position and by name.
Arguments: TypeAlias = list[object]
Keywords: TypeAlias = dict[str, object]

#: A source text in a note is cut here.
_LONGEST_SOURCE = 100


class NotFollowed(Exception):  # noqa: N818 - says what it means: the value stays unknown
    """An expression whose value cannot, or may not, be worked out."""


@dataclass(eq=False, slots=True)
class Scope:
    """Names and their values; a function's scope lies in the one it was defined in."""

    names: dict[str, object] = field(default_factory=dict)
    parent: Scope | None = None

    def find(self, name: str) -> object:
        """The value of a name; a name that is bound nowhere is a `Reference` to itself."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return Reference(name)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that the text does not define, or imports: ``keras.layers.Conv2D``."""

    path: str

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition(".")[2]

    @property
    def root(self) -> str:
        """The first part."""
        return self.path.partition(".")[0]


@dataclass(eq=False, slots=True)
class Opaque:
    """A value that is not known; if it came from a call, what was called with what."""

    node: ast.expr
    callee: str | None = None
    arguments: tuple[object, ...] = ()
    keywords: dict[str, object] = field(default_factory=dict)
    layer: Layer | None = None

    @property
    def source(self) -> str:
        """The expression as text; worked out only when asked, as most are never shown."""
        import ast

        try:
            text = ast.unparse(self.node)
        except (RecursionError, ValueError):
            # Python writes neither very deep trees nor very long numbers.
            return "an expression too large to show"
        return text if len(text) <= _LONGEST_SOURCE else f"{text[: _LONGEST_SOURCE - 3]}..."


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer; `order` tells which of two calls of the text came first."""

    inputs: tuple[Tensor, ...]
    line: int
    order: float


@dataclass(eq=False, slots=True)
class Layer:
    """A layer object, and every call of it in the text."""

    class_name: str
    config: dict[str, object]
    name: str | None
    line: int
    order: int
    known: bool = True
    model: Model | None = None
    calls: list[Call] = field(default_factory=list)
    #: Models that a Keras 1 ``Merge`` layer reads.
    branches: tuple[Layer, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tensor:
    """What one call of a layer returns."""

    layer: Layer
    node: int
    index: int = 0


@dataclass(eq=False, slots=True)
class Model:
    """A model object. A sequential one has its layers called one after the other, as they come."""

    class_name: str
    name: str | None
    line: int
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    #: Outputs before each `add`, for `pop`.
    history: list[list[Tensor]] = field(default_factory=list)
    shape: object = None
    training: dict[str, object] = field(default_factory=dict)
    notes: list[tuple[int, str]] = field(default_factory=list)
    layer: Layer | None = None


@dataclass(eq=False, slots=True)
class Function:
    """A function or lambda of the text."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, object]
    called: bool = False

    @property
    def name(self) -> str:
        """The name it is defined by; a lambda has none."""
        return getattr(self.node, "name", "lambda")

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters that can be given by position."""
        arguments = self.node.args
        return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]

    @property
    def takes_object(self) -> bool:
        """Whether it is a method that is given its object, by the usual names for it."""
        return self.parameters[:1] in (["self"], ["cls"])


@dataclass(eq=False, slots=True)
class Class:
    """A class of the text, and the object that stands for one that the text does not make."""

    name: str
    bases: tuple[str, ...]
    names: dict[str, object]
    called: bool = False
    instance: Instance | None = None


@dataclass(eq=False, slots=True)
class Instance:
    """An object of a class of the text."""

    owner: Class
    names: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """A method before its call: of an object of ours, a list, a string or a dict."""

    owner: object
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial``."""

    callee: object
    arguments: tuple[object, ...]
    keywords: dict[str, object]


def is_scalar(value: object) -> bool:
    """Whether a value is a plain number, string, truth value or None."""
    return value is None or isinstance(value, int | float | str)


def is_flat(value: object) -> bool:
    """Whether a value is plain without nesting.

    Comparing, hashing or printing nested lists can take time that is exponential in the length of
    the code (``x = [x, x]`` in a loop), so nothing of the kind is done with them.

    >>> is_flat((1, "a")), is_flat(((1,),))
    (True, False)
    """
    if isinstance(value, list | tuple):
        return all(is_scalar(item) for item in value)
    return is_scalar(value)


def source_of(value: object) -> str:
    """What stands for an unknown value in the source."""
    if isinstance(value, Opaque):
        return value.source
    if isinstance(value, Reference):
        return value.path
    return type(value).__name__.lower()
