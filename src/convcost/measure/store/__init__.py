"""Measurements kept in one SQLite file: written when they are done, asked again, compared."""
