"""A device shows a one-time code and its own key, and gets what it needs to speak to this room and the broker."""
