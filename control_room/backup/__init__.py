"""Backups: everything that cannot be made again, of one moment, in a folder; and the way back."""
