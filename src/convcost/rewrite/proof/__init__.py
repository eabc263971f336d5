"""Proof after a rewrite: equal outputs, agreement, measured times, denormal numbers."""
