"""What several rewrites need: where they may be done, and the numbers of new layers."""
