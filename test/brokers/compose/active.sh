# Asks one acceptor for a STOMP session; sourced by the health checks. Needs nothing but bash.

# is_active HOST PORT: 0 connected, 1 something else answered or nobody did in time, 2 the port refuses.
is_active() {
  local answer=""
  exec 3<>"/dev/tcp/$1/$2" || return 2
  printf 'CONNECT\naccept-version:1.2\nhost:localhost\nlogin:app\npasscode:app-password\n\n\0' >&3
  IFS= read -r -t 5 answer <&3
  exec 3>&-
  [ "${answer%$'\r'}" = "CONNECTED" ]
} 2>/dev/null
