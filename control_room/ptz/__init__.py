"""Cameras that are turned: by one person at a time, each order signed and written down."""
