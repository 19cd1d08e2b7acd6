#!/bin/sh
# Writes locks/*.lock from pyproject.toml. Run after changing a dependency; `make lock`.
# The lock names versions and hashes, never an index: each machine uses the one it is set up for.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-.setup/tools/bin/uv}"
compile() {
  output="$1"; shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --upgrade "$@" pyproject.toml --output-file "locks/$output.lock"
}
compile_group() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --upgrade --group "pyproject.toml:$1" --output-file "locks/$1.lock"
}
compile edge --extra edge --extra models
compile room --extra room
compile run --extra edge --extra models --extra room --extra local
compile dev --extra edge --extra models --extra room --extra local --extra openvino --extra evaluate --extra tracing --extra dev
# On top of edge.lock or room.lock, so with the same versions as those.
compile tracing --extra tracing --constraint locks/dev.lock
# Without torch: which build of it a machine offers differs, so models/ultralytics_environment.sh installs it apart.
compile ultralytics --extra edge --extra models --extra ultralytics --overrides models/ultralytics_overrides.txt
compile_group setup
compile_group cmake
