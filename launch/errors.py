"""The one kind of failure that set-up and `make run` report to their user."""


class LaunchError(Exception):
    """One sentence that says what is wrong and what to do; printed as it is, without a traceback."""
