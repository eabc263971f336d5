"""The rewrites: every module has a `REWRITE`."""
