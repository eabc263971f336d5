"""What convcost keeps in files of its own, from one run to the next."""
