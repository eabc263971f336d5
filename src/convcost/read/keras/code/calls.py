"""Calls in model code: Keras's names, the text's own functions and classes, and methods."""

from __future__ import annotations

import ast
from abc import abstractmethod
from typing import TYPE_CHECKING

from convcost.read.keras.code.expressions import Expressions
from convcost.read.keras.code.keras_calls import MODEL_CLASSES, KerasNames
from convcost.read.keras.code.methods import plain_method
from convcost.read.keras.code.values import (
    Arguments,
    Bound,
    Class,
    Function,
    Instance,
    Keywords,
    Layer,
    Model,
    NotFollowed,
    Opaque,
    Partial,
    Reference,
    Scope,
    source_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.read.keras.code.layers import Workshop

#: Functions of the text inside each other.
_DEEPEST_CALL = 20


class Calls(Expressions):
    """Follows calls; the bodies of functions are left to the subclass."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.keras = KerasNames(workshop)
        #: Functions of the text, each with the class it is a method of.
        self.definitions: list[tuple[Function, Class | None]] = []
        self.line = 0
        self._calls_deep = 0

    @abstractmethod
    def returned(self, nodes: Sequence[ast.stmt], scope: Scope) -> object:
        """Follow a function's body; what it returns."""

    def call_expression(self, node: ast.Call, scope: Scope) -> object:
        """The value of a call; `Opaque` remembers what was called with what."""
        callee = self.value(node.func, scope)
        arguments = list(self.items(node.args, scope))
        keywords: Keywords = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, dict):
                keywords.update({str(key): item for key, item in value.items()})
            else:
                self.workshop.notes.append((node.lineno, f"**{source_of(value)} is not a literal"))
        if isinstance(callee, Reference) and isinstance(node.func, ast.Attribute):
            callee = self._sequential_named(callee, node.func, arguments, scope)
        try:
            return self.call(callee, arguments, keywords, node)
        except NotFollowed:
            path = callee.path if isinstance(callee, Reference) else None
            if isinstance(callee, Class):
                path = callee.name
            return Opaque(node, path, tuple(arguments), keywords)

    def _sequential_named(
        self,
        callee: Reference,
        function: ast.Attribute,
        arguments: Arguments,
        scope: Scope,
    ) -> object:
        """``model.add(Dense(10))`` where the line that makes `model` is missing."""
        owner = function.value
        if (
            function.attr != "add"
            or not isinstance(owner, ast.Name)
            or len(arguments) != 1
            or not isinstance(arguments[0], Layer)
        ):
            return callee
        model = self.workshop.model("Sequential", None, function.lineno)
        model.notes.append(
            (function.lineno, f"{owner.id} is not defined in the text; taken as a new Sequential()")
        )
        self.assign(ast.Name(owner.id, ast.Store()), model, scope)
        return Bound(model, "add")

    def call(
        self, callee: object, arguments: Arguments, keywords: Keywords, node: ast.Call
    ) -> object:
        """The value of ``callee(*arguments, **keywords)``.

        Raises:
            NotFollowed: it is unknown.
        """
        match callee:
            case Reference():
                return self.keras.call(callee, arguments, keywords, node.lineno)
            case Layer():
                return self.workshop.apply(callee, arguments, keywords, node.lineno)
            case Model():
                layer = self.workshop.as_layer(callee, node.lineno)
                return self.workshop.apply(layer, arguments, keywords, node.lineno)
            case Function():
                return self.call_function(callee, arguments, keywords)
            case Partial():
                arguments = [*callee.arguments, *arguments]
                keywords = {**callee.keywords, **keywords}
                return self.call(callee.callee, arguments, keywords, node)
            case Class():
                return self._make(callee, arguments, keywords, node.lineno)
            case Bound():
                return self._call_method(callee, arguments, keywords, node)
            case Opaque() if callee.callee and self.workshop.tensors_in(arguments):
                layer = self.workshop.as_layer(callee, node.lineno)
                return self.workshop.apply(layer, arguments, keywords, node.lineno)
            case _:
                raise NotFollowed

    def call_function(self, function: Function, arguments: Arguments, keywords: Keywords) -> object:
        """Follow a function of the text with its parameters bound.

        Raises:
            NotFollowed: functions call each other too deeply.
        """
        if self._calls_deep >= _DEEPEST_CALL:
            self.workshop.unread.append(
                (self.line, "functions call each other too deeply to be followed")
            )
            raise NotFollowed
        function.called = True
        names = dict(function.defaults)
        parameters = function.parameters
        given = function.node.args
        names.update(zip(parameters, arguments, strict=False))
        if given.vararg:
            names[given.vararg.arg] = tuple(arguments[len(parameters) :])
        accepted = {*parameters, *(argument.arg for argument in given.kwonlyargs)}
        names.update({key: value for key, value in keywords.items() if key in accepted})
        if given.kwarg:
            rest = {key: value for key, value in keywords.items() if key not in accepted}
            names[given.kwarg.arg] = rest
        for name in accepted - names.keys():
            names[name] = Reference(name)
        scope = Scope(names, function.scope)
        self._calls_deep += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, scope)
            return self.returned(function.node.body, scope)
        finally:
            self._calls_deep -= 1

    def _make(self, made: Class, arguments: Arguments, keywords: Keywords, line: int) -> object:
        """An object of a class of the text."""
        if MODEL_CLASSES.intersection(made.bases):
            return self.build_subclass(made, arguments, keywords, line)
        if made.bases and made.bases != ("object",):
            # A layer of the user's own: what it does inside is not followed.
            made.called = True
            raise NotFollowed
        made.called = True
        return self._initialised(made, arguments, keywords)

    def _initialised(
        self, made: Class, arguments: Sequence[object], keywords: Keywords
    ) -> Instance:
        instance = Instance(made)
        constructor = made.names.get("__init__")
        if isinstance(constructor, Function):
            self.call_function(constructor, [instance, *arguments], keywords)
        return instance

    def build_subclass(
        self, made: Class, arguments: Sequence[object], keywords: Keywords, line: int
    ) -> Model:
        """A subclassed model, from what its ``call`` does with one input.

        Raises:
            NotFollowed: it has no ``call``, or that does not return tensors.
        """
        done, made.called = made.called, True
        forward = made.names.get("call")
        if (
            not MODEL_CLASSES.intersection(made.bases)
            or not isinstance(forward, Function)
            or (done and not arguments and not keywords)
        ):
            raise NotFollowed
        instance = self._initialised(made, arguments, keywords)
        inputs = self.workshop.input(self.workshop.layer("InputLayer", (), {}, line))
        outputs = self.call_function(forward, [instance, inputs], {})
        model = self.workshop.model("Functional", None, line)
        self.workshop.functional(model, inputs, outputs, line)
        model.notes.append((line, f"{made.name} is read from what its call() does with one input"))
        return model

    def _call_method(
        self, callee: Bound, arguments: Arguments, keywords: Keywords, node: ast.Call
    ) -> object:
        """A call of a method."""
        owner, name = callee.owner, callee.name
        if isinstance(owner, Instance):
            method = owner.owner.names.get(name)
            if not isinstance(method, Function):
                raise NotFollowed
            own = [owner] if method.takes_object else []
            return self.call_function(method, [*own, *arguments], keywords)
        if isinstance(owner, Model):
            return self.keras.method(owner, name, arguments, keywords, node.lineno)
        return plain_method(owner, name, arguments, keywords)
