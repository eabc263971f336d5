"""What holds for all tests."""

# imported by tests, not collected: some of it needs a framework that is not installed
collect_ignore = ["support"]
