"""Whether a rewrite is worth it: figures, predicted times, verdicts, before anything is done."""
