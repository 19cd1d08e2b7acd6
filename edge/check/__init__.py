"""`talaia-edge check`: tries everything that a configuration names and says in plain words how it is."""
