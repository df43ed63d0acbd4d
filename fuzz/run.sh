#!/usr/bin/env bash
# Builds the fuzz targets, Rust's and the C core's, runs each for SECONDS (first argument), and says how far they came.
#
# cargo-fuzz wants a nightly compiler for its sanitizers. Safe Rust gains little by them, and what guides libFuzzer,
# the coverage counters, the stable compiler has as well.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target?}
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module"
for pass in level=4 inline-8bit-counters pc-table trace-compares; do flags+=" -Cllvm-args=-sanitizer-coverage-$pass"; done

RUSTFLAGS=$flags cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --target "$host"
make --silent -C firmware fuzz

run() { # run NAME PROGRAM
    local corpus=target/fuzz/corpus/$1 log=target/fuzz/$1.log
    mkdir -p "$corpus" target/fuzz/crashes
    if ! "$2" -max_total_time="$seconds" -print_final_stats=1 -rss_limit_mb=1024 -max_len=1024 \
        -artifact_prefix="target/fuzz/crashes/$1-" "$corpus" >"$log" 2>&1; then
        grep -aE 'panicked|ERROR|Test unit written|assert' "$log" || tail -5 "$log"
        echo "$1: a crash; its input is in target/fuzz/crashes, the whole story in $log"
        exit 1
    fi
    printf '%-8s %12s runs   %s\n' "$1" "$(sed -n 's/stat::number_of_executed_units: *//p' "$log")" \
        "$(grep -aoE 'cov: [0-9]+' "$log" | tail -1)"
}

for target in frame message session robot recording; do run "$target" "target/fuzz/$host/release/$target"; done
run core target/firmware/fuzz
