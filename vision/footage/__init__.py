"""Drone footage to places on the ground that a person should look at.

`analysis.analyse` is the whole way; each step is one file. Pure computation: files are read, none is written, and
nothing here knows of databases, maps or the network. Nothing that is found is called dumping: that is for a person.
"""
