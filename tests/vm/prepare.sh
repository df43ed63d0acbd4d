#!/usr/bin/env bash
# Prepares the virtual machine in target/vm: the distribution's kernel and udev, unpacked and not installed, and an
# initramfs with busybox, the gamepads and the program. Quick when nothing has changed.
#
# usage: prepare.sh PROGRAM
set -euo pipefail

program=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
vm=$(dirname "$(dirname "$here")")/target/vm
# What the guest drives with; their dependencies come along.
modules=(virtio_pci virtio_console virtio_net evdev uinput xhci-pci usbserial ftdi_sio usbhid hid-generic
    libcomposite dummy_hcd usb_f_hid)

fail() {
    echo "the virtual machine cannot be prepared: $*" >&2
    exit 1
}

for need in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static dpkg-deb:dpkg apt-get:apt xz:xz-utils zstd:zstd cc:build-essential; do
    command -v "${need%%:*}" >/dev/null || fail "install ${need#*:} (on Debian and Ubuntu \`make tools\` does)"
done
[ "$(uname -m)" = x86_64 ] || fail "it is an x86-64 machine with this machine's libraries, and this is $(uname -m)"

# --- kernel and udev, once ----------------------------------------------------------------------------------------

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

fetch_system() {
    rm -rf "$vm/packages" "$vm/modules" "$vm/debs"
    mkdir -p "$vm/packages" "$vm/modules" "$vm/debs"
    local packages package module
    packages="$(udev_packages) $(kernel_packages)"
    echo "fetching" $packages
    (cd "$vm/debs" && fetch $packages)
    for package in "$vm"/debs/*.deb; do dpkg-deb -x "$package" "$vm/packages"; done
    # Where /lib is /usr/lib, packages may use either.
    [ -d "$vm/packages/lib/modules" ] || { mkdir -p "$vm/packages/lib" && mv "$vm/packages/usr/lib/modules" "$vm/packages/lib/"; }
    unpack_kernel "$(ls "$vm"/packages/boot/vmlinuz-* | head -1)" "$vm/vmlinux"
    for module in "${modules[@]}"; do add_module "$module"; done
    rm -rf "$vm/debs" "$vm/packages/lib/modules" "$vm/packages/boot"
    sha256sum <"$here/prepare.sh" >"$vm/fetched"
}

# --- the initramfs, whenever a part of it is newer ----------------------------------------------------------------

libraries_of() { # libraries_of FILE
    LD_LIBRARY_PATH=$(find "$vm/packages" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:) ldd "$1"
}

add_libraries() { # add_libraries FILE
    local missing
    missing=$(libraries_of "$1" | grep 'not found' || true)
    [ -z "$missing" ] || fail "$1 needs libraries that are not here: $missing"
    libraries_of "$1" | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
        cp -nL "$library" "$root/lib/$(basename "$library")"
    done
}

build_initramfs() {
    root=$vm/root
    rm -rf "$root"
    mkdir -p "$root"/{bin,dev,etc,lib/systemd,proc,root,run,sys,tmp}
    ln -s . "$root/usr"
    ln -s lib "$root/lib64"
    ln -s bin "$root/sbin"
    for applet in $(busybox --list); do ln -s busybox "$root/bin/$applet"; done
    cp --remove-destination "$(command -v busybox)" "$root/bin/busybox"
    cc -static -O1 -std=gnu11 -Wall -Wextra -Werror -o "$root/bin/pad" "$here/pad.c"
    cp "$program" "$root/bin/joywire"
    strip "$root/bin/joywire"
    local udevadm
    udevadm=$(find "$vm/packages" -path '*bin/udevadm' -type f | head -1)
    cp "$udevadm" "$root/bin/udevadm"
    ln -s ../../bin/udevadm "$root/lib/systemd/systemd-udevd"
    cp -r "$(dirname "$(find "$vm/packages" -name 50-udev-default.rules | head -1)")/.." "$root/lib/udev"
    rm -rf "$root/lib/udev/hwdb.d"
    cp "$here/../../config/70-joywire.rules" "$root/lib/udev/rules.d/"
    add_libraries "$udevadm"
    add_libraries "$program"
    cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib/"
    cp -r "$vm/modules" "$root/modules"
    cp "$here/init" "$root/init"
    chmod +x "$root/init"
    echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"
    # udev gives devices to these groups.
    local number=1
    echo 'root:x:0:' >"$root/etc/group"
    for group in tty dialout kmem input video audio lp disk cdrom tape render sgx kvm; do
        echo "$group:x:$((number++)):" >>"$root/etc/group"
    done
    # Not compressed: what is loaded at once need not be unpacked in emulation.
    (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$vm/initramfs.new"
    mv "$vm/initramfs.new" "$vm/initramfs"
}

mkdir -p "$vm"
[ "$(sha256sum <"$here/prepare.sh")" = "$(cat "$vm/fetched" 2>/dev/null)" ] || fetch_system
for part in "$program" "$here"/{prepare.sh,init,pad.c} "$vm/fetched"; do
    if [ ! -e "$vm/initramfs" ] || [ "$part" -nt "$vm/initramfs" ]; then
        build_initramfs
        break
    fi
done
