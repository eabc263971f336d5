"""Statements put together by their indentation, as tolerant as a reader of a forum is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.read.keras.code.lines import Statement

_Body: TypeAlias = list[ast.stmt]


def nest(statements: Iterable[Statement]) -> _Body:
    r"""One program from statements: heads of blocks get the deeper lines that follow.

    - Deeper lines without a head before them are where they are; so code that is indented as a
      whole reads as if it were not.
    - The body of ``try`` runs; its handlers do not.
    - Where a site has removed all indentation, a function goes on until its ``return``.

    >>> from convcost.read.keras.code.lines import find_statements
    >>> text = "def f(x):\n    y = g(x)\n    return y\nz = f(1)"
    >>> [type(node).__name__ for node in nest(find_statements(text).statements)]
    ['FunctionDef', 'Assign']
    >>> flat = text.replace("    ", "")
    >>> [type(node).__name__ for node in nest(find_statements(flat).statements)]
    ['FunctionDef', 'Assign']
    """
    program: _Body = []
    open_blocks: list[tuple[int, _Body]] = [(-1, program)]
    # The `if` that a following `elif` or `else` continues, for chains of any length.
    chains: dict[int, ast.If] = {}
    bodies: list[_Body] = [program]
    for statement in statements:
        if not statement.nodes:
            del open_blocks[1:]
            continue
        while open_blocks[-1][0] >= statement.indent:
            open_blocks.pop()
        body = open_blocks[-1][1]
        inner = _place(statement, body, chains)
        if statement.head:
            open_blocks.append((statement.indent, inner))
            bodies.append(inner)
    for body in bodies:
        _fill_functions(body)
    return program


def _place(statement: Statement, body: _Body, chains: dict[int, ast.If]) -> _Body:
    """Add a statement to a body; the list that its own block goes to."""
    node = statement.nodes[0]
    if statement.clause:
        return _continue(statement, node, body, chains)
    if isinstance(node, ast.Try):
        body.extend(node.body)
        return body
    body.extend(statement.nodes)
    if isinstance(node, ast.If):
        chains[id(node)] = node
    inner: _Body = getattr(node, "body", [])
    return inner


def _continue(
    statement: Statement, node: ast.stmt, body: _Body, chains: dict[int, ast.If]
) -> _Body:
    """Add ``elif``, ``else``, ``except`` or ``finally`` to what it belongs to."""
    if statement.clause == "except":
        return []
    if statement.clause == "finally":
        given = node.finalbody if isinstance(node, ast.Try) else []
        body.extend(given)
        return body
    given = node.orelse if isinstance(node, ast.If) else []
    last = body[-1] if body else None
    if not isinstance(last, ast.If):
        # `for ... else` and `try ... else` run; an `else` whose `if` is lost does not.
        return body if isinstance(last, ast.For) else []
    tail = chains.get(id(last), last)
    if tail.orelse:
        return []
    tail.orelse = given
    if statement.clause == "else":
        return tail.orelse
    follower = given[0]
    if isinstance(follower, ast.If):
        chains[id(last)] = follower
        return follower.body
    return []


def _fill_functions(body: _Body) -> None:
    """Give a function without a body the statements after it, up to its ``return``."""
    position = 0
    while position < len(body):
        node = body[position]
        position += 1
        if not isinstance(node, ast.FunctionDef) or node.body:
            continue
        for end in range(position, len(body)):
            if isinstance(body[end], ast.FunctionDef | ast.ClassDef):
                break
            if isinstance(body[end], ast.Return):
                node.body = body[position : end + 1]
                del body[position : end + 1]
                break
