"""What a series is freed of before a network reads it (season, level, logarithm), and the way back."""
