#!/usr/bin/env bash
# Sets up a development environment in a .venv of the checkout. Quick when nothing has changed.
#   scripts/setup.sh VENV PYTHON [debian package a missing command comes from ...]
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 python=$2
shift 2

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

# --- The interpreter: a pyenv shim may stand for a version that is not switched on --------------------
if ! "$python" -c '' 2>/dev/null; then
    for found in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"${python#python}".*/bin/python; do
        [ -x "$found" ] && python=$found
    done
fi
if command -v "$python" >/dev/null && ! "$python" -c '' 2>/dev/null; then
    echo "$python does not run; set PYTHON to a Python 3.11 to 3.13 that does" >&2
    exit 1
fi

# --- Debian packages: installed as root, otherwise named in one line ---------------------------------
missing=()
command -v "$python" >/dev/null || missing+=(python3)
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' 2>/dev/null || missing+=(python3-dev)
command -v c++ >/dev/null || missing+=(g++)
for need in "$@"; do # command:package
    command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing Debian packages: ${missing[*]}"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "Install these first, then run this again: apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi
"$python" - <<'EOF'
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Python 3.11, 3.12 or 3.13 is needed, this is {sys.version.split()[0]}; set PYTHON=python3.11")
EOF

# --- Python packages, exactly as locked --------------------------------------------------------------
stamp=$venv/.ready
want=$(cat requirements-dev.lock pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi
[ -x "$venv/bin/python" ] || { say "Creating $venv"; "$python" -m venv "$venv"; }
say "Installing Python packages. llama.cpp is compiled the first time: about 4 minutes on 2 cores, once."
began=$(date +%s)
log=$venv/setup.log
"$venv/bin/python" -m pip install --disable-pip-version-check --no-input --require-hashes -r requirements-dev.lock >"$log" 2>&1 &
pip=$!
trap 'kill $pip 2>/dev/null || true' EXIT
while kill -0 $pip 2>/dev/null; do
    sleep 1
    now=$(($(date +%s) - began))
    if [ $((now % 15)) = 0 ]; then
        printf '    %3d s  %s\n' "$now" "$(grep -aE '^ *(Collecting|Building|Installing|Using|Created)' "$log" | tail -n 1 | cut -c1-90)"
    fi
done
if ! wait $pip; then
    tail -n 25 "$log" >&2
    echo "Setting up failed; the whole output is in $log" >&2
    exit 1
fi
trap - EXIT
"$venv/bin/python" -m pip install --disable-pip-version-check --no-input -q --no-deps --no-build-isolation -e . >>"$log" 2>&1 ||
    { tail -n 25 "$log" >&2; exit 1; }
echo "$want" >"$stamp"
say "Ready after $(($(date +%s) - began)) s"
