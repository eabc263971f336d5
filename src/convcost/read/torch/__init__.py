"""PyTorch: modules and exported programs, and printouts of summaries."""
