"""What a convolutional network costs, why, and what would make it cheaper."""
