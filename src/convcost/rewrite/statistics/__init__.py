"""BatchNorm statistics estimated anew."""
