"""Writes docs/reference/accuracy.md out of what the event benchmark measured."""
