"""What several tests share: cases, models, other people's counters."""
