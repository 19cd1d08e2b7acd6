"""`python -m launch COMMAND`: what the Makefile calls."""
