"""Statements of model code, followed for what they do to layers, tensors and models."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from convcost.network.dataclass import dataclass
from convcost.read.keras.code import arithmetic
from convcost.read.keras.code.calls import Calls
from convcost.read.keras.code.expressions import DEEPEST
from convcost.read.keras.code.keras_calls import MODEL_CLASSES
from convcost.read.keras.code.layers import Exhausted
from convcost.read.keras.code.values import (
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
)
from convcost.read.keras.signatures import relevant

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Turns of one loop.
_MOST_TURNS = 1_000


@dataclass(frozen=True, slots=True)
class _Return:
    value: object


_BREAK: Final = object()
_CONTINUE: Final = object()


class Interpreter(Calls):
    """Follows a program. No code of the text is run; what cannot be followed is noted."""

    def run(self, program: Sequence[ast.stmt], scope: Scope) -> None:
        """Follow a program, then the functions that it defines but does not call."""
        try:
            for node in program:
                self._run_one(node, scope)
            # A text often has the function that builds the model, and not the line that calls it.
            position = 0
            while position < len(self.definitions):
                definition, owner = self.definitions[position]
                position += 1
                self.workshop.begin_part()
                self._run_uncalled(definition, owner)
        except Exhausted as limit:
            self.workshop.unread.append((self.line, str(limit)))

    def _run_one(self, node: ast.stmt, scope: Scope) -> None:
        try:
            self.follow(node, scope)
        except RecursionError:
            self.depth = 0
            self.workshop.unread.append((node.lineno, "nested too deeply to be followed"))

    def _run_uncalled(self, definition: Function, owner: Class | None) -> None:
        """Call a function with what its parameters default to."""
        if definition.called:
            return
        line = definition.node.lineno
        try:
            if owner is None:
                self.call_function(definition, [], {})
            elif MODEL_CLASSES.intersection(owner.bases):
                if not owner.called:
                    self.build_subclass(owner, (), {}, line)
            elif "call" not in owner.names:
                owner.instance = owner.instance or Instance(owner)
                own: list[object] = [owner.instance] if definition.takes_object else []
                self.call_function(definition, own, {})
        except NotFollowed:
            pass
        except RecursionError:
            self.depth = 0
            self.workshop.unread.append((line, "nested too deeply to be followed"))

    def body(self, nodes: Sequence[ast.stmt], scope: Scope) -> object:
        """Follow statements until one leaves the block: what it leaves with, or None."""
        for node in nodes:
            signal = self.follow(node, scope)
            if signal is not None:
                return signal
        return None

    def returned(self, nodes: Sequence[ast.stmt], scope: Scope) -> object:
        """Follow a function's body; what it returns."""
        signal = self.body(nodes, scope)
        return signal.value if isinstance(signal, _Return) else None

    def follow(self, node: ast.stmt, scope: Scope) -> object:
        """Follow one statement."""
        self.workshop.spend(1)
        self.line = node.lineno
        if self.depth > DEEPEST:
            self._give_up(node, "nested too deeply to be followed")
            return None
        self.depth += 1
        try:
            return self._follow(node, scope)
        finally:
            self.depth -= 1

    def _follow(self, node: ast.stmt, scope: Scope) -> object:
        match node:
            case ast.Expr():
                self.value(node.value, scope)
            case ast.Assign():
                value = self.value(node.value, scope)
                for target in node.targets:
                    self.assign(target, value, scope)
            case ast.AnnAssign(value=ast.expr() as given):
                self.assign(node.target, self.value(given, scope), scope)
            case ast.AugAssign():
                self._augment(node, scope)
            case ast.Return():
                return _Return(node.value and self.value(node.value, scope))
            case ast.Break():
                return _BREAK
            case ast.Continue():
                return _CONTINUE
            case ast.If():
                return self._if(node, scope)
            case ast.For():
                return self._for(node, scope)
            case ast.With():
                for item in node.items:
                    self.value(item.context_expr, scope)
                return self.body(node.body, scope)
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                function = Function(node, scope, self.defaults(node.args, scope))
                scope.names[node.name] = function
                self.definitions.append((function, None))
            case ast.ClassDef():
                self._class(node, scope)
            case ast.While() | ast.AsyncFor() | ast.AsyncWith() | ast.Match():
                self._give_up(node, "a loop or block of this kind is not followed")
            case _:
                pass
        return None

    def _augment(self, node: ast.AugAssign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        try:
            if not isinstance(node.target, ast.Name | ast.Attribute):
                return
            before = self.value(node.target, scope)
            result = self.operate(node.op, before, value, node.lineno)
        except NotFollowed:
            result = Opaque(node.value)
        self.assign(node.target, result, scope)

    def _if(self, node: ast.If, scope: Scope) -> object:
        try:
            branch = node.body if self.known(node.test, scope) else node.orelse
        except NotFollowed:
            condition = Opaque(node.test).source
            self._give_up(node, f"'if {condition}' cannot be decided; both sides are left out")
            self._forget([*node.body, *node.orelse], scope)
            return None
        return self.body(branch, scope)

    def _for(self, node: ast.For, scope: Scope) -> object:
        try:
            items = arithmetic.iterate(self.value(node.iter, scope))
        except NotFollowed:
            loop = f"for {Opaque(node.target).source} in {Opaque(node.iter).source}"
            self._give_up(node, f"'{loop}' has no literal range; the loop is left out")
            self._forget(node.body, scope)
            return None
        if not node.body:
            self.workshop.unread.append(
                (node.lineno, "a loop without a body: the indentation is lost")
            )
        calls = self.workshop.calls
        for item in items[:_MOST_TURNS]:
            self.assign(node.target, item, scope)
            signal = self.body(node.body, scope)
            if signal is _BREAK or isinstance(signal, _Return):
                return None if signal is _BREAK else signal
        if len(items) > _MOST_TURNS and self.workshop.calls > calls:
            text = f"a loop of {len(items):,} turns is followed for {_MOST_TURNS:,} only"
            self.workshop.unread.append((node.lineno, text))
        return None

    def _forget(self, nodes: Sequence[ast.stmt], scope: Scope) -> None:
        """Names that statements left out may have changed are unknown, unless they are tensors.

        A tensor keeps its value, so that the layers after an undecided block are still read.
        """
        for outer in nodes:
            for node in ast.walk(outer):
                self.workshop.spend(1)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    before = scope.names.get(node.id)
                    if not isinstance(before, Tensor | Model | Function | Class):
                        scope.names[node.id] = Opaque(ast.Name(node.id, ast.Load()))

    def _give_up(self, node: ast.stmt, why: str) -> None:
        """Note a statement that is left out, if layers may have been left out with it."""
        for inner in ast.walk(node):
            self.workshop.spend(1)
            if isinstance(inner, ast.Call) and _may_make_layers(inner.func):
                self.workshop.unread.append((node.lineno, why))
                return
            if isinstance(inner, ast.Attribute) and inner.attr == "trainable":
                self.workshop.notes.append(
                    (node.lineno, "which layers are trainable is not followed")
                )
                return

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        module = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            path = module + alias.name
            if path.partition(".")[0] == "tensorflow":
                self.workshop.tensorflow = True
            if alias.asname:
                scope.names[alias.asname] = Reference(path)
            elif module and alias.name != "*":
                scope.names[alias.name] = Reference(path)
            else:
                root = path.partition(".")[0]
                scope.names.pop(root, None)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        bases = [self.value(base, scope) for base in node.bases]
        names = [base.name for base in bases if isinstance(base, Reference | Class)]
        made = Class(node.name, tuple(names), {})
        scope.names[node.name] = made
        inner = Scope(parent=scope)
        known = len(self.definitions)
        self.body(node.body, inner)
        made.names.update(inner.names)
        self.definitions[known:] = [(function, made) for function, _ in self.definitions[known:]]
        # A method sees the names around its class, not those in it.
        for function, _ in self.definitions[known:]:
            function.scope = scope

    def assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        """Bind a target to a value."""
        match target:
            case ast.Name():
                scope.names[target.id] = value
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, value, scope)
            case ast.Attribute():
                owner = self.value(target.value, scope)
                if isinstance(owner, Instance):
                    owner.names[target.attr] = value
                elif target.attr == "trainable" and isinstance(owner, Layer | Model | Opaque):
                    self.keras.set_trainable(owner, value, target.lineno)
            case ast.Subscript():
                self._set_item(target, value, scope)
            case _:
                pass

    def _set_item(self, target: ast.Subscript, value: object, scope: Scope) -> None:
        """``owner[key] = value``."""
        owner, key = self.value(target.value, scope), self.value(target.slice, scope)
        if isinstance(owner, dict) and isinstance(key, int | str):
            owner[key] = value
        if isinstance(owner, list) and type(key) is int and -len(owner) <= key < len(owner):
            owner[key] = value

    def _unpack(self, targets: Sequence[ast.expr], value: object, scope: Scope) -> None:
        """``a, b = value``."""
        if isinstance(value, Tensor) and value.index == 0:
            values: Sequence[object] = [
                Tensor(value.layer, value.node, index) for index in range(len(targets))
            ]
        elif isinstance(value, list | tuple) and len(value) == len(targets):
            values = value
        else:
            values = [Opaque(target) for target in targets]
        for target, item in zip(targets, values, strict=True):
            inner = target.value if isinstance(target, ast.Starred) else target
            self.assign(inner, item, scope)


def _may_make_layers(function: ast.expr) -> bool:
    """Whether a call of it looks like one of a layer, or of a method that adds one."""
    match function:
        case ast.Call():
            return True
        case ast.Name():
            return relevant().match(f"{function.id}(") is not None
        case ast.Attribute():
            return function.attr == "add" or relevant().match(f"{function.attr}(") is not None
        case _:
            return False
