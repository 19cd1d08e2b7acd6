"""`python -m launch.footage.rules`: makes the rules' clips beside the demonstration's two, which must be there."""

import sys

from launch import console, places
from launch.errors import LaunchError
from launch.footage.rules import make


def main() -> int:
    try:
        with console.Step("rules' clips", sys.stderr) as step:
            make.make(places.cache_directory() / "footage", step.working)
            step.done("ready")
    except LaunchError as error:
        console.complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
