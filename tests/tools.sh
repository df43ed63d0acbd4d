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
need certutil libnss3-tools
need openssl openssl
need ip iproute2
need unshare util-linux
need nsenter util-linux
need setpriv util-linux
need qemu-system-x86_64 qemu-system-x86
need busybox busybox-static
need xz xz-utils
need zstd zstd
need_admin() { # need_admin COMMAND PACKAGE
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$2")
}
need_admin nft nftables
need_admin iptables iptables
need avr-gcc gcc-avr
need clang clang
need valgrind valgrind
need_file() { # need_file PATH PACKAGE
    [ -e "$1" ] || missing+=("$2")
}
need_file /usr/lib/avr/include/avr/io.h avr-libc
need_file /usr/include/simavr/sim_avr.h libsimavr-dev
need_file /usr/include/libelf.h libelf-dev
need_file /usr/share/arduino/hardware/arduino/avr/cores/arduino/Arduino.h arduino-core-avr
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${root[@]}" true 2>/dev/null; then
        echo "the tests need programs that are not here; install the packages: ${missing[*]}"
        exit 1
    fi
    echo "installing ${missing[*]}"
    "${root[@]}" apt-get -o DPkg::Lock::Timeout=180 -qq update
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=180 -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    missing=()
}
install_missing

# The part of clang that fuzzing needs is named after its version, and so can only be asked for now.
echo 'int LLVMFuzzerTestOneInput(const char *data, long size) { return 0; }' >"${TMPDIR:-/tmp}/joywire-tools.c"
if ! clang -fsanitize=fuzzer,address -o "${TMPDIR:-/tmp}/joywire-tools" "${TMPDIR:-/tmp}/joywire-tools.c" 2>/dev/null; then
    missing+=("libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev")
fi
rm -f "${TMPDIR:-/tmp}"/joywire-tools{,.c}
install_missing

major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || { echo "node $(node --version) is too old: the tests need 18 or newer"; exit 1; }
echo "$(cargo --version), node $(node --version), npm $(npm --version), $(python3 --version), $(chromium --version 2>/dev/null)"
