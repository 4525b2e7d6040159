"""What is removed from a series before a network reads it (season, level, logarithm), and the inverse."""
