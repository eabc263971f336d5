"""Expressions of model code: worked out where they are plain, left unknown where they are not."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from convcost.read.keras.code import arithmetic
from convcost.read.keras.code.graph import layers_of
from convcost.read.keras.code.values import (
    Bound,
    Class,
    Function,
    Instance,
    Layer,
    Model,
    NotFollowed,
    Opaque,
    Reference,
    Scope,
    Tensor,
    is_flat,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from convcost.read.keras.code.layers import Workshop

#: Expressions and statements inside each other; beyond it, a value stays unknown.
DEEPEST = 60
_OPERATOR_LAYERS = {"Add": "Add", "Sub": "Subtract", "Mult": "Multiply", "Div": "TrueDivide"}
#: What these attributes of a model or layer that is made elsewhere stand for.
_ENDS = {"input", "inputs", "output", "outputs"}


class Expressions(ABC):
    """Works out expressions; calls are left to the subclass."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.depth = 0
        self._rules: dict[type[ast.expr], Callable[..., object]] = {
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.BoolOp: self._boolean,
            ast.Call: self.call_expression,
            ast.Compare: self._compare,
            ast.Constant: self._constant,
            ast.Dict: self._dict,
            ast.GeneratorExp: self._comprehension,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._text,
            ast.Lambda: self._lambda,
            ast.List: self._list,
            ast.ListComp: self._comprehension,
            ast.Name: self._name,
            ast.NamedExpr: self._named,
            ast.Set: self._tuple,
            ast.Subscript: self._subscript,
            ast.Tuple: self._tuple,
            ast.UnaryOp: self._unary,
        }

    @abstractmethod
    def call_expression(self, node: ast.Call, scope: Scope) -> object:
        """The value of a call."""

    @abstractmethod
    def assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        """Bind a target to a value."""

    def value(self, node: ast.expr, scope: Scope) -> object:
        """The value of an expression, `Opaque` where it cannot be told."""
        self.workshop.spend(1)
        rule = self._rules.get(type(node))
        if rule is None or self.depth > DEEPEST:
            return Opaque(node)
        self.depth += 1
        try:
            result = rule(node, scope)
        except NotFollowed:
            return Opaque(node)
        finally:
            self.depth -= 1
        if isinstance(result, str | list | dict | tuple):
            # Copying long sequences again and again is work, too.
            self.workshop.spend(len(result) // 8)
        return result

    def known(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is true.

        Raises:
            NotFollowed: it cannot be told.
        """
        return arithmetic.truth(self.value(node, scope))

    def items(self, nodes: Iterable[ast.expr], scope: Scope) -> Iterator[object]:
        """The values of expressions, starred ones spread out."""
        for node in nodes:
            if not isinstance(node, ast.Starred):
                yield self.value(node, scope)
                continue
            value = self.value(node.value, scope)
            if not isinstance(value, list | tuple):
                raise NotFollowed
            yield from value

    def _constant(self, node: ast.Constant, _: Scope) -> object:
        if node.value is None or isinstance(node.value, int | float | str):
            return arithmetic.bounded(node.value)
        raise NotFollowed

    def _name(self, node: ast.Name, scope: Scope) -> object:
        return "__main__" if node.id == "__name__" else scope.find(node.id)

    def _list(self, node: ast.List, scope: Scope) -> object:
        return arithmetic.bounded(list(self.items(node.elts, scope)))

    def _tuple(self, node: ast.Tuple | ast.Set, scope: Scope) -> object:
        return arithmetic.bounded(tuple(self.items(node.elts, scope)))

    def _dict(self, node: ast.Dict, scope: Scope) -> object:
        result: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.value(value, scope)
                if not isinstance(inner, dict):
                    raise NotFollowed
                result.update(inner)
                continue
            name = self.value(key, scope)
            if isinstance(name, list) or not is_flat(name):
                raise NotFollowed
            result[name] = self.value(value, scope)
        return arithmetic.bounded(result)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> object:
        value = self.value(node.value, scope)
        self.assign(node.target, value, scope)
        return value

    def _lambda(self, node: ast.Lambda, scope: Scope) -> object:
        return Function(node, scope, self.defaults(node.args, scope), called=True)

    def defaults(self, arguments: ast.arguments, scope: Scope) -> dict[str, object]:
        """A function's default values."""
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs: list[tuple[ast.arg, ast.expr | None]] = [
            *zip(reversed(positional), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        return {name.arg: self.value(node, scope) for name, node in pairs if node is not None}

    def _text(self, node: ast.JoinedStr, scope: Scope) -> object:
        parts: list[str] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                specification = ""
                if part.format_spec is not None:
                    specification = str(self.value(part.format_spec, scope))
                value = self.value(part.value, scope)
                parts.append(arithmetic.text_of(value, specification, part.conversion))
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        return arithmetic.bounded("".join(parts))

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> object:
        if isinstance(node.op, ast.Not):
            return not self.known(node.operand, scope)
        return arithmetic.unary(node.op, self.value(node.operand, scope))

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> object:
        value: object = None
        for part in node.values:
            value = self.value(part, scope)
            if arithmetic.truth(value) is isinstance(node.op, ast.Or):
                break
        return value

    def _compare(self, node: ast.Compare, scope: Scope) -> object:
        left = self.value(node.left, scope)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, scope)
            if not arithmetic.compare(kind, left, right):
                return False
            left = right
        return True

    def _conditional(self, node: ast.IfExp, scope: Scope) -> object:
        return self.value(node.body if self.known(node.test, scope) else node.orelse, scope)

    def _binary(self, node: ast.BinOp, scope: Scope) -> object:
        return self.operate(
            node.op, self.value(node.left, scope), self.value(node.right, scope), node.lineno
        )

    def operate(self, kind: ast.operator, left: object, right: object, line: int) -> object:
        """``left kind right``; of tensors, it is a layer of its own."""
        tensors = [side for side in (left, right) if isinstance(side, Tensor)]
        if not tensors:
            return arithmetic.binary(kind, left, right)
        name = type(kind).__name__
        others = [side for side in (left, right) if not isinstance(side, Tensor)]
        config: dict[str, object] = {"operand": others[0]} if others else {}
        return self.workshop.operation(_OPERATOR_LAYERS.get(name, name), tensors, config, line)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> object:
        owner = self.value(node.value, scope)
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            key: object = slice(*[part and self.value(part, scope) for part in parts])
        else:
            key = self.value(node.slice, scope)
        if isinstance(owner, Tensor):
            source = Opaque(node.slice).source
            return self.workshop.item(owner, key, source, node.lineno)
        return arithmetic.item(owner, key)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> object:
        result: list[object] = []
        self._generate(node, 0, Scope(parent=scope), result)
        return arithmetic.bounded(result)

    def _generate(
        self,
        node: ast.ListComp | ast.GeneratorExp,
        level: int,
        scope: Scope,
        result: list[object],
    ) -> None:
        """Run the loops of a comprehension from a level on."""
        if level == len(node.generators):
            result.append(self.value(node.elt, scope))
            return
        loop = node.generators[level]
        for item in arithmetic.iterate(self.value(loop.iter, scope)):
            self.workshop.spend(1)
            self.assign(loop.target, item, scope)
            if all(self.known(condition, scope) for condition in loop.ifs):
                self._generate(node, level + 1, scope, result)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> object:
        owner, name = self.value(node.value, scope), node.attr
        if isinstance(owner, Reference):
            return Reference(f"{owner.path}.{name}")
        if isinstance(owner, Instance):
            if name in owner.names:
                return owner.names[name]
            return Bound(owner, name) if name in owner.owner.names else Opaque(node)
        if isinstance(owner, Class):
            return owner.names.get(name, Opaque(node))
        if isinstance(owner, Model) and (name in _ENDS or name == "layers"):
            return self._of_model(owner, name)
        if isinstance(owner, Opaque) and owner.callee and name in _ENDS:
            return self._of_foreign(owner, name, node.lineno)
        if isinstance(owner, Layer) and owner.calls and name in _ENDS:
            call = owner.calls[-1]
            return Tensor(owner, len(owner.calls) - 1) if "out" in name else _one(call.inputs)
        if isinstance(owner, Model | Layer | str | list | dict | Class):
            return Bound(owner, name)
        raise NotFollowed

    def _of_model(self, model: Model, name: str) -> object:
        """``model.output`` and its like."""
        if name == "layers":
            return layers_of(model)
        tensors = model.outputs if name.startswith("out") else self.workshop.input_of(model)
        return list(tensors) if name.endswith("s") else _one(tensors)

    def _of_foreign(self, value: Opaque, name: str, line: int) -> object:
        """``base.input`` and ``base.output`` of a model that comes from elsewhere."""
        layer = self.workshop.as_layer(value, line)
        if not layer.calls:
            shape = value.keywords.get("input_shape", value.keywords.get("input_tensor"))
            inputs: object = shape
            if not isinstance(shape, Tensor):
                made = self.workshop.layer("InputLayer", (), {"shape": shape}, line)
                inputs = self.workshop.input(made)
            self.workshop.apply(layer, [inputs], {}, line)
        tensor = Tensor(layer, 0) if name.startswith("out") else layer.calls[0].inputs[0]
        return [tensor] if name.endswith("s") else tensor


def _one(tensors: list[Tensor] | tuple[Tensor, ...]) -> object:
    """One tensor itself, several as a list."""
    return tensors[0] if len(tensors) == 1 else list(tensors)
