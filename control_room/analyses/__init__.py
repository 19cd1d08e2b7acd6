"""Looks through a flight's footage by the machine: asked for, queued, done by analysts, shown."""
