"""A camera on a drone: where it is and how it looks, from whom that is heard, and what follows for its events."""

from edge.flight.section import DroneSection

__all__ = ["DroneSection"]
