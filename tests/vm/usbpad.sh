# A gamepad on USB, from the guest to itself: a gadget at a host controller that has no wires (dummy_hcd). The kernel's
# own USB and HID drivers read it. Sourced by the guest's shell.

# Two axes of 0...255 and sixteen buttons.
USBPAD_REPORT='\x05\x01\x09\x05\xa1\x01\x09\x30\x09\x31\x15\x00\x26\xff\x00\x75\x08\x95\x02\x81\x02'
USBPAD_REPORT=$USBPAD_REPORT'\x05\x09\x19\x01\x29\x10\x15\x00\x25\x01\x75\x01\x95\x10\x81\x02\xc0'
usbpad=/sys/kernel/config/usb_gadget/pad

usbpad_make() {
    mkdir $usbpad $usbpad/strings/0x409 $usbpad/configs/c.1 $usbpad/functions/hid.0
    echo 0x1209 >$usbpad/idVendor
    echo 0x0002 >$usbpad/idProduct
    echo 'Joywire tests' >$usbpad/strings/0x409/manufacturer
    echo 'USB pad' >$usbpad/strings/0x409/product
    echo 4 >$usbpad/functions/hid.0/report_length
    printf "$USBPAD_REPORT" >$usbpad/functions/hid.0/report_desc
    ln -s $usbpad/functions/hid.0 $usbpad/configs/c.1/
}

# usbpad_plug: into the socket; usbpad_unplug: out of it.
usbpad_plug() {
    ls /sys/class/udc | head -1 >$usbpad/UDC
}

usbpad_unplug() {
    echo >$usbpad/UDC
}

# usbpad_tell X Y BUTTONS: one report; 128 is the middle of an axis.
usbpad_tell() {
    printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $1 $2 $(($3 & 255)) $(($3 >> 8)))" >/dev/hidg0
}
