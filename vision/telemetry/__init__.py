"""Positions and angles that drones and cameras write, whatever the format, as the same samples."""
