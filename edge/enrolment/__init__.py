"""How the device gets keys and certificates of its own: `talaia-edge enrol`, and their renewal."""
