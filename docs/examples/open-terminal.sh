#!/bin/sh
# Opens a terminal, waits in the queue if it has to, and ends the terminal again. Needs curl and jq.
#
#     sh open-terminal.sh https://terminals.example.org [POOL [RUN]]
#
# With RUN, an id of 8 to 32 of a-z0-9, it is a terminal of its own for that run, beside the others of this visitor, which are listed.
set -eu
server=${1%/} pool=${2:-} run=${3:-}
identity_file=${WARMTERM_IDENTITY_FILE:-$HOME/.warmterm-identity}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A new visitor proposes 128 random bits, as 22 characters of base64url.
identity=$(cat "$identity_file" 2>/dev/null || echo "new.$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')")

# call METHOD PATH [JSON]: sends a request as this visitor. The answer is then in $work/body, its status in $status.
call() {
  status=$(curl -sS --max-time 60 -X "$1" "$server$2" -H "Warmterm-Visitor: $identity" ${3:+-H 'Content-Type: application/json' -d "$3"} \
    -D "$work/headers" -o "$work/body" -w '%{http_code}')
  signed=$(sed -n 's/^warmterm-visitor: *//Ip' "$work/headers" | tr -d '\r')
  # The server answers a signed identity to a new visitor. Only the owner may read the file.
  if [ -n "$signed" ]; then
    identity=$signed
    (umask 077 && printf %s "$signed" >"$identity_file")
  fi
  if [ "$status" -ge 400 ]; then
    jq -r '"\(.code): \(.detail)"' "$work/body" >&2
    exit 1
  fi
}

body=$(jq -n --arg pool "$pool" --arg run "$run" '{$pool, $run} | with_entries(select(.value != ""))')
call POST /api/terminals "$body"
while [ "$status" = 202 ]; do
  jq -r '"position \(.place) of \(.waiting)"' "$work/body" >&2
  call POST /api/terminals "$(jq --argjson body "$body" '$body + {place}' "$work/body")"
done
jq -r '"\(.status) terminal \(.name) at \(.url)"' "$work/body"
if [ -n "$run" ]; then
  call GET /api/terminals
  jq -r '.terminals[] | "\(.run // "page"): \(.name)"' "$work/body"
fi
call DELETE "/api/terminals/current?${pool:+pool=$pool&}${run:+run=$run}"
echo ended
