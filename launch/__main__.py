"""`python -m launch COMMAND`: what the Makefile calls, each command of it one line there."""

import argparse
import sys

from launch import bill, checks, licences, run
from launch.commands import disk_full
from launch.console import complain
from launch.errors import LaunchError

INTERRUPTED = 130
COMMANDS = {
    "run": (run.run, "start the whole system; PORT, DATA_DIR, VIDEO, CAMERA, DEMO and TALAIA_DATABASE_URL say how"),
    "setup": (run.prepare_only, "make what the first start needs, and start nothing"),
    "test": (checks.test, "everything that CI checks"),
    "check": (checks.check, "format, lint, types and licences"),
    "licences": (licences.check, "whether every package goes with the project's own licence"),
    "sbom": (bill.make, "what is in the Python environment and in the web pages, into build/sbom (CycloneDX)"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m launch", description=__doc__)
    choices = parser.add_subparsers(dest="command", required=True)
    for name, (_, purpose) in COMMANDS.items():
        choices.add_parser(name, help=purpose, description=purpose)
    command, _ = COMMANDS[parser.parse_args().command]
    try:
        command()
    except LaunchError as error:
        complain(str(error))
        return 1
    except OSError as error:
        if not disk_full(error):
            raise
        complain(f"The disk is full: {error.filename or 'a file could not be written'}.")
        return 1
    except KeyboardInterrupt:
        complain("stopped.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
