#!/usr/bin/env bash
# Runs the stages of `make test` one after the other and tells at the end, however that comes, how long each took.
set -uo pipefail

# No stage takes a third of this on two cores: what goes on for longer hangs, and would hang for ever.
MOST=45m

names=() seconds=() stage='' since=0

table() {
    local n
    [ -z "$stage" ] || { names+=("$stage, not ended"); seconds+=($((SECONDS - since))); }
    printf '\n%-24s %7s\n' stage seconds
    for n in "${!names[@]}"; do printf '%-24s %7d\n' "${names[n]}" "${seconds[n]}"; done
    printf '%-24s %7d\n' together "$SECONDS"
}
trap table EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

for stage in "$@"; do
    since=$SECONDS
    timeout --foreground "$MOST" "${MAKE:-make}" --no-print-directory "$stage"
    ended=$?
    [ "$ended" -ne 124 ] || echo "$stage was ended after $MOST: something in it hangs"
    [ "$ended" -eq 0 ] || exit "$ended"
    names+=("$stage") seconds+=($((SECONDS - since)))
    stage=''
done
