#!/bin/bash
# Healthy is a member that is active, or that refuses connections while its Java process lives: a standby, or one still starting.
# Usage: member-health.sh STOMP_PORT
. "$(dirname "$0")/active.sh"

is_active 127.0.0.1 "$1"
case $? in
  0) exit 0 ;;
  2) grep -qsx java /proc/[0-9]*/comm ;;
  *) exit 1 ;;
esac
