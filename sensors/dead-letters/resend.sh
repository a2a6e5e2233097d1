#!/usr/bin/env bash
# Posts every dead letter to Healer and removes those that it took:
#   HEALER_URL=http://127.0.0.1:8080 HEALER_API_TOKEN=… sensors/dead-letters/resend.sh [namespace] [origin]
# Needs kubectl (with the right to get, list and delete Secrets) and curl. Ends with 1 when a letter was not taken.
# Sending a letter twice is harmless: Healer knows the delivery by its id and gives the first answer again.
set -euo pipefail
: "${HEALER_URL:?Set HEALER_URL, for example http://127.0.0.1:8080 with kubectl port-forward.}"
: "${HEALER_API_TOKEN:?Set HEALER_API_TOKEN to one of the tokens that Healer knows.}"
namespace=${1:-argo-events}
selector=healer/dead-letter${2:+=$2}

left=0
letters=$(kubectl -n "$namespace" get secrets -l "$selector" --sort-by=.metadata.creationTimestamp -o name)
for letter in $letters; do
  endpoint=$(kubectl -n "$namespace" get "$letter" -o 'jsonpath={.metadata.annotations.healer/endpoint}')
  # The token goes through a file descriptor: arguments are for everybody on the machine to read.
  status=$(kubectl -n "$namespace" get "$letter" -o 'jsonpath={.data.delivery}' | base64 -d |
    curl --silent --show-error --max-time 30 --output /dev/null --write-out '%{http_code}' \
      --header 'Content-Type: application/json' --header "@"<(printf 'Authorization: Bearer %s\n' "$HEALER_API_TOKEN") \
      --data-binary @- "${HEALER_URL%/}$endpoint") || true
  case $status in
    200 | 202) kubectl -n "$namespace" delete "$letter" >/dev/null ;;
    *) left=$((left + 1)) ;;
  esac
  printf '%s %s %s\n' "$status" "$letter" "$endpoint"
done
if [ "$left" -gt 0 ]; then
  printf '%s dead letters were not taken; they are still there.\n' "$left" >&2
  exit 1
fi
