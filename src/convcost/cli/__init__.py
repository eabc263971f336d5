"""The command line. Every module of this package but `main` is a command."""
