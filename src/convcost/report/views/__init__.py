"""One file per kind of result: what it says, in which order, in which columns."""
