#!/bin/sh
# Makes .venv-ultralytics, where the agent's commands run with detector.backend = "ultralytics" (docs/design/detector.md):
# locks/ultralytics.lock as it stands, then torch, which is not in the lock because machines offer different builds of
# it. It takes pip for torch, for a machine's own build is often known to pip alone. When all is as the lock says it
# ends at once; nothing half-made stays behind a failure.
set -eu
cd "$(dirname "$0")/.."
environment=.venv-ultralytics
part=$environment.part
log=.setup/ultralytics.log
torch='torch==2.13.0' # as in pyproject.toml
needed_mb=3000

fail() {
  echo "talaia: $1" >&2
  exit 1
}

explain() {
  if grep -qiE 'no space left|disk quota exceeded' "$log"; then
    fail "$1: the disk is full (output in $log)."
  fi
  fail "$1: $(grep -v '^ *$' "$log" | tail -n 1) (output in $log)."
}

find_python() {
  for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
      return
    fi
  done
  return 1
}

ready() {
  [ -f "$environment/talaia-stamp" ] && [ "$(cat "$environment/talaia-stamp")" = "$wanted" ] &&
    "$environment/bin/python" -c '' 2>/dev/null
}

step() {
  echo "ultralytics environment: $1"
}

wanted=$(cat locks/ultralytics.lock locks/setup.lock pyproject.toml "models/$(basename "$0")" | sha256sum | cut -c1-64)
grep -qF "\"$torch\"" pyproject.toml || fail "models/$(basename "$0") installs $torch, pyproject.toml asks for another."
ready && exit 0
python=$(find_python) || fail "Python 3.11 or newer with its venv module is needed (Debian: python3-venv)."
mkdir -p .setup 2>/dev/null || fail "Cannot write to $(pwd)."
exec 9>.setup/ultralytics.lock
flock 9 # two starts at once: the second waits, and finds the environment made
ready && exit 0
free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
[ "$free_mb" -ge "$needed_mb" ] || fail "The disk is too full: $free_mb MB free, this environment needs $needed_mb MB."

begun=$(date +%s)
: >"$log" || fail "Cannot write to $(pwd)/.setup."
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
rm -rf "$environment" "$part"
"$python" -m venv "$part" >>"$log" 2>&1 || explain "Making $environment failed"
pip="$part/bin/python -m pip install --quiet --disable-pip-version-check --retries 2"
step "installing from locks/ultralytics.lock"
$pip --no-deps --require-hashes -r locks/ultralytics.lock >>"$log" 2>&1 || explain "Installing the packages failed"
step "installing $torch"
$pip "$torch" >>"$log" 2>&1 || explain "Installing $torch failed"
sed -n 's/^\(setuptools==[^ ]*\).*/\1/p' locks/setup.lock >"$part/build-constraint.txt" # pip takes no hash for `-e .`
PIP_CONSTRAINT="$part/build-constraint.txt" $pip --no-deps -e . >>"$log" 2>&1 || explain "Installing the project failed"
echo "$wanted" >"$part/talaia-stamp"
# The commands in it name the folder they were made in.
grep -lIF "$(pwd)/$part" "$part"/bin/* | xargs sed -i "s|$(pwd)/$part|$(pwd)/$environment|g"
mv "$part" "$environment"
step "ready after $(($(date +%s) - begun)) s"
