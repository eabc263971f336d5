"""Rewrite a network into a cheaper one: one module of `rewrites` per way to do it."""
