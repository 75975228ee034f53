#!/bin/bash
# Validates docker-compose.yml for each profile with whichever compose is installed; starts nothing and needs no engine.
set -euo pipefail
cd "$(dirname "$0")/.."

if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo "check-compose: neither 'docker compose' nor docker-compose is installed (Debian: apt-get install docker-compose)" >&2
  exit 1
fi

for profile in classic artemis artemis-failback artemis-replicated artemis-replicated-failback; do
  "${compose[@]}" --file docker-compose.yml --profile "$profile" config --quiet
  echo "check-compose: profile $profile is valid"
done
