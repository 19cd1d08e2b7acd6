"""Cameras that can be turned: ordered by the room, stopped and brought home by the agent itself."""
