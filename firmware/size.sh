#!/bin/sh
# What the core takes of an ATmega328P, and what whole sketches take of an Uno. Usage: size.sh OUT FLAGS...
# The core is the difference between size/core.c with it and without it; a sketch is all of it, Arduino's code too.
set -eu
out=$1
shift

# Flash is code and what initializes variables; RAM is variables.
weigh() {
    avr-size "$1" | awk 'NR == 2 { print $1 + $2, $2 + $3 }'
}

mkdir -p "$out/size"
avr-gcc "$@" -std=gnu99 -o "$out/size/without.elf" size/core.c
avr-gcc "$@" -std=gnu99 -DWITH_CORE -o "$out/size/core.elf" size/core.c joywire/src/core/*.c

printf '%-24s %6s %6s\n' '' flash RAM
echo "$(weigh "$out/size/core.elf") $(weigh "$out/size/without.elf")" |
    awk '{ printf "%-24s %6d %6d\n", "core", $1 - $3, $2 - $4 }'
for sketch in joywire/examples/*; do
    name=${sketch##*/}
    weigh "$out/uno/$name.elf" | awk -v name="sketch $name" '{ printf "%-24s %6d %6d\n", name, $1, $2 }'
done
