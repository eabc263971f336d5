"""Rewrites that carry the values over, as nearly as fewer numbers can have them."""
