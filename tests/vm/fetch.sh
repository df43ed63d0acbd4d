#!/usr/bin/env bash
# Fetches the kernel and the udev of this distribution into target/vm, unpacked and not installed.
set -euo pipefail

vm=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")/target/vm
# What the guest drives with; their dependencies come along.
modules=(virtio_pci virtio_console virtio_net evdev uinput xhci-pci usbserial ftdi_sio usbhid hid-generic
    libcomposite dummy_hcd usb_f_hid)

fail() {
    echo "the virtual machine cannot be prepared: $*" >&2
    exit 1
}

# udev, and the libraries that it needs and this machine does not have.
udev_packages() {
    local known=" udev " waiting=(udev) package library
    while [ ${#waiting[@]} -gt 0 ]; do
        package=${waiting[0]}
        waiting=("${waiting[@]:1}")
        echo "$package"
        for library in $(apt-cache depends "$package" | grep -oP '^ *\|?(Pre)?Depends: \Klib[^ ]*'); do
            case $known in *" $library "*) continue ;; esac
            known="$known$library "
            dpkg-query -W -f '${db:Status-Status}' "$library" 2>/dev/null | grep -q '^installed' || waiting+=("$library")
        done
    done
}

fetch() { # fetch PACKAGE...
    apt-get -qq download "$@" 2>/dev/null && return
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
    "${root[@]}" apt-get -o DPkg::Lock::Timeout=180 -qq update 2>/dev/null || true
    apt-get -qq download "$@" 2>/dev/null ||
        fail "apt-get download $* failed: see to the network and to apt's sources, and run \`apt-get update\`"
}

kernel_packages() {
    local meta image version
    for meta in linux-image-amd64 linux-image-generic; do
        image=$(apt-cache depends "$meta" 2>/dev/null | grep -oE 'Depends: linux-image-[0-9][^ ]*' | head -1 | cut -d' ' -f2) || continue
        echo "$image"
        version=${image#linux-image-}
        # Ubuntu keeps the modules apart.
        for extra in "linux-modules-$version" "linux-modules-extra-$version"; do
            if apt-cache show "$extra" >/dev/null 2>&1; then echo "$extra"; fi
        done
        return
    done
    fail "apt knows neither linux-image-amd64 nor linux-image-generic: run \`apt-get update\`"
}

# The kernel is packed into its own unpacker, which takes many seconds in emulation.
unpack_kernel() { # unpack_kernel VMLINUZ VMLINUX
    local kind offset
    for kind in 'xz:\xfd7zXZ\x00' 'zstd:\x28\xb5\x2f\xfd' 'gzip:\x1f\x8b\x08'; do
        for offset in $(LC_ALL=C grep -abof <(printf "${kind#*:}" | head -c 5) -F "$1" 2>/dev/null | cut -d: -f1); do
            # What follows the packed kernel is none of it, and is complained about.
            tail -c "+$((offset + 1))" "$1" | "${kind%%:*}" -dc >"$2" 2>/dev/null || true
            if [ "$(head -c 4 "$2" | tail -c 3)" = ELF ]; then return; fi
        done
    done
    fail "no kernel was found in $1"
}

unpack_module() { # unpack_module FILE TO
    case $1 in
    *.xz) xz -dc "$1" >"$2" ;;
    *.zst) zstd -qdc "$1" >"$2" ;;
    *) cp "$1" "$2" ;;
    esac
}

# Brings a module and those that it depends on, which go first, into the guest; `order` has the sequence.
add_module() { # add_module NAME
    local name=${1//-/_} file depends
    if [ -e "$vm/modules/$name.ko" ] || grep -qE "/${name//_/[-_]}\.ko" "$vm"/packages/lib/modules/*/modules.builtin; then return; fi
    file=$(find "$vm/packages/lib/modules/" -name "${name//_/[-_]}.ko*" | head -1)
    [ -n "$file" ] || fail "the kernel has no module $name"
    unpack_module "$file" "$vm/modules/$name.ko"
    depends=$(grep -aoP '(?<=\0)depends=\K[^\0]*' "$vm/modules/$name.ko" | tr ',\0' '  ')
    for depends in $depends; do add_module "$depends"; done
    echo "$name.ko" >>"$vm/modules/order"
}

rm -rf "$vm/packages" "$vm/modules" "$vm/debs"
mkdir -p "$vm/packages" "$vm/modules" "$vm/debs"
packages="$(udev_packages) $(kernel_packages)"
echo "fetching" $packages
(cd "$vm/debs" && fetch $packages)
for package in "$vm"/debs/*.deb; do dpkg-deb -x "$package" "$vm/packages"; done
# Where /lib is /usr/lib, packages may use either.
[ -d "$vm/packages/lib/modules" ] || { mkdir -p "$vm/packages/lib" && mv "$vm/packages/usr/lib/modules" "$vm/packages/lib/"; }
unpack_kernel "$(ls "$vm"/packages/boot/vmlinuz-* | head -1)" "$vm/vmlinux"
for module in "${modules[@]}"; do add_module "$module"; done
rm -rf "$vm/debs" "$vm/packages/lib/modules" "$vm/packages/boot"
