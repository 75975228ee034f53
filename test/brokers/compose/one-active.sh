#!/bin/bash
# Succeeds if exactly one of the members answers CONNECT with CONNECTED.
# Usage: one-active.sh HOST:PORT HOST:PORT...
. "$(dirname "$0")/active.sh"

active=0
for member in "$@"; do
  if is_active "${member%:*}" "${member##*:}"; then active=$((active + 1)); fi
done
echo "$active active of $#"
[ "$active" -eq 1 ]
