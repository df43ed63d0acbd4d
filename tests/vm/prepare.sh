#!/usr/bin/env bash
# Prepares the virtual machine in target/vm: the distribution's kernel and udev, unpacked and not installed, and an
# initramfs with busybox, the gamepads and the program. Quick when nothing has changed.
#
# usage: prepare.sh PROGRAM
set -euo pipefail

program=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
vm=$(dirname "$(dirname "$here")")/target/vm

fail() {
    echo "the virtual machine cannot be prepared: $*" >&2
    exit 1
}

for need in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static dpkg-deb:dpkg apt-get:apt xz:xz-utils zstd:zstd cc:build-essential; do
    command -v "${need%%:*}" >/dev/null || fail "install ${need#*:} (on Debian and Ubuntu \`make tools\` does)"
done
[ "$(uname -m)" = x86_64 ] || fail "it is an x86-64 machine with this machine's libraries, and this is $(uname -m)"

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
    cp "$here"/{init,usbpad.sh} "$root/"
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
system=$(sha256sum "$here/fetch.sh" /etc/os-release)
if [ "$system" != "$(cat "$vm/fetched" 2>/dev/null)" ]; then
    "$here/fetch.sh"
    echo "$system" >"$vm/fetched"
fi
for part in "$program" "$here"/{prepare.sh,init,usbpad.sh,pad.c} "$vm/fetched"; do
    if [ ! -e "$vm/initramfs" ] || [ "$part" -nt "$vm/initramfs" ]; then
        build_initramfs
        break
    fi
done
