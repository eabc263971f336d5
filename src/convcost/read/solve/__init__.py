"""What a summary does not print, solved from shapes and parameter counts."""
