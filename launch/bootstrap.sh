#!/bin/sh
# Makes the Python environment .venv from its lock: `launch/bootstrap.sh run`, or `dev` for the tests' tools too.
# Needs a Python 3.11 or newer; as root it installs Debian's python3-venv where that is missing. It asks no index
# by name: uv and pip use what the machine is set up for. Nothing half-made stays behind a failure, and when all is
# as the lock says it ends at once.
set -eu
cd "$(dirname "$0")/.."
kind="${1:-run}"
setup=.setup
log="$setup/bootstrap.log"
stamp=.venv/talaia-stamp
incomplete=.venv/talaia-incomplete
needed_mb=1700

fail() {
  echo "talaia: $1" >&2
  exit 1
}

find_python() {
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# What an environment of this kind is made from: when it changes, the environment is brought in line.
fingerprint() {
  cat "locks/$1.lock" locks/setup.lock pyproject.toml | sha256sum | cut -c1-64
}

ready() {
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$1 $(fingerprint "$1")" ] && .venv/bin/python -c '' 2>/dev/null
}

# The sentence for a failed download or installation, from what it printed.
explain() {
  if grep -qiE 'no space left|disk quota exceeded' "$log"; then
    fail "$1: the disk is full (output in $log)."
  elif grep -qiE 'name resolution|name or service not known|network is unreachable|connection refused|dns error|could not resolve|temporary failure resolving|error sending request|failed to establish|failed to resolve' "$log"; then
    fail "$1: no internet, or the package index cannot be reached (output in $log)."
  fi
  fail "$1: $(grep -v '^ *$' "$log" | tail -n 1) (output in $log)."
}

require_space() {
  free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
  [ "$free_mb" -ge "$needed_mb" ] ||
    fail "The disk is too full: $(pwd) has $free_mb MB free, the Python environment needs $needed_mb MB."
}

require_venv() {
  "$python" -c 'from ensurepip import version; import venv' 2>/dev/null && return
  hint="Python's venv module is missing: as root, run \`apt-get install python3-venv\`, then start again."
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || fail "$hint"
  { DEBIAN_FRONTEND=noninteractive apt-get update &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } >>"$log" 2>&1 ||
    explain "Installing python3-venv failed"
  "$python" -c 'from ensurepip import version; import venv' 2>/dev/null || fail "$hint"
}

# uv does not read pip's settings: hand over the index and the certificates that this machine gives pip.
hand_over_settings() {
  pip="$setup/tools/bin/python -m pip"
  if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index="${PIP_INDEX_URL:-$($pip config get global.index-url 2>/dev/null || true)}"
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
  fi
  if [ -z "${SSL_CERT_FILE:-}" ]; then
    certificates="${PIP_CERT:-$($pip config get global.cert 2>/dev/null || true)}"
    [ -z "$certificates" ] || export SSL_CERT_FILE="$certificates"
  fi
}

make_tools() {
  wanted=$(sha256sum locks/setup.lock | cut -c1-64)
  if [ -f "$setup/tools/talaia-stamp" ] && [ "$(cat "$setup/tools/talaia-stamp")" = "$wanted" ] &&
    "$setup/tools/bin/uv" --version >/dev/null 2>&1; then
    return
  fi
  require_venv
  rm -rf "$setup/tools" "$setup/tools.part"
  "$python" -m venv "$setup/tools.part" >>"$log" 2>&1 || explain "Making $setup failed"
  "$setup/tools.part/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 \
    --require-hashes -r locks/setup.lock >>"$log" 2>&1 || explain "Fetching uv failed"
  echo "$wanted" >"$setup/tools.part/talaia-stamp"
  mv "$setup/tools.part" "$setup/tools"
}

make_environment() {
  uv="$setup/tools/bin/uv"
  if [ -e "$incomplete" ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    rm -rf .venv
  fi
  if [ ! -d .venv ]; then
    fresh=yes
    "$uv" venv --quiet --python "$python" .venv >>"$log" 2>&1 || explain "Making .venv failed"
    : >"$incomplete"
  fi
  rm -f "$stamp"
  "$uv" pip sync --quiet --python .venv/bin/python --require-hashes "locks/$kind.lock" >>"$log" 2>&1 ||
    explain "Installing the Python packages failed"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --build-constraints locks/setup.lock -e . \
    >>"$log" 2>&1 || explain "Installing the project into .venv failed"
  rm -f "$incomplete"
  echo "$kind $(fingerprint "$kind")" >"$stamp"
}

clean_up() {
  rm -rf "$setup/tools.part"
  if [ "${fresh:-}" = yes ] && [ ! -f "$stamp" ]; then
    rm -rf .venv
  fi
}

# An environment with the tests' tools serves `run` too, and stays one when it is brought up to date.
ready "$kind" && exit 0
[ "$kind" = run ] && [ -f "$stamp" ] && read -r had _ <"$stamp" && [ "$had" = dev ] && kind=dev
ready "$kind" && exit 0

begun=$(date +%s)
python=$(find_python) || fail "Python 3.11 or newer is needed: as root, run \`apt-get install python3 python3-venv\`."
mkdir -p "$setup" 2>/dev/null || fail "Cannot write to $(pwd)."
exec 9>"$setup/lock"
flock 9 # two starts at once: the second waits, and finds the environment made
ready "$kind" && exit 0
: >"$log" || fail "Cannot write to $(pwd)/$setup."
[ -d .venv ] || require_space
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
[ ! -t 1 ] || printf '[   ... s] Python environment: fetching and installing'
make_tools
hand_over_settings
make_environment
[ ! -t 1 ] || printf '\r\033[K'
printf '[%6d s] Python environment: installed from locks/%s.lock\n' "$(($(date +%s) - begun))" "$kind"
