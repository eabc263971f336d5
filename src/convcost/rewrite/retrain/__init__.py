"""Rewrites that keep the structure alone: the new layers have to be trained."""
