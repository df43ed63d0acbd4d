#!/usr/bin/env bash
# Sees to the programs that the tests need: installs Debian's or Ubuntu's packages where it may, else says what to install.
set -euo pipefail

missing=()
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null || missing+=("$2")
}

command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer (rustup.rs)"; exit 1; }
for part in fmt clippy; do
    cargo "$part" --version >/dev/null 2>&1 || { echo "cargo $part is missing: rustup component add rustfmt clippy"; exit 1; }
done

need cc build-essential
need node nodejs
need npm npm
need python3 python3
need chromium chromium
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${root[@]}" true 2>/dev/null; then
        echo "the tests need programs that are not here; install the packages: ${missing[*]}"
        exit 1
    fi
    echo "installing ${missing[*]}"
    "${root[@]}" apt-get -o DPkg::Lock::Timeout=180 -qq update
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=180 -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || { echo "node $(node --version) is too old: the tests need 18 or newer"; exit 1; }
echo "$(cargo --version), node $(node --version), npm $(npm --version), $(python3 --version), $(chromium --version 2>/dev/null)"
