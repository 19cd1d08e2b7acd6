"""Makes a clip for each rule that the street alone does not show: staged out of the demonstration's two clips."""
