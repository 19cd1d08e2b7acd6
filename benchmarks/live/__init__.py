"""Live video, measured: from the street to the browser's pixels, and what a viewer costs (`make bench-live`)."""
