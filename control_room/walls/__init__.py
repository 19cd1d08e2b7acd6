"""Walls of live pictures: which ones somebody puts beside each other, at whatever desk; some are the room's."""
