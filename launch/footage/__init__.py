"""Makes the demonstration's two clips: a street with pedestrians, and the same street with a staged dumping."""
