"""The user's samples, from files."""
