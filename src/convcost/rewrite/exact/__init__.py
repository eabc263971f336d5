"""Rewrites that keep the outputs, but for rounding."""
