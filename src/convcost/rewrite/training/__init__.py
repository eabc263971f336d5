"""Train the original and the rewritten network alike."""
