"""Networks as files: one module per target format."""
