#!/usr/bin/env bash
# Imports DeskDrop, the real log of an internal communication platform, with the generic importer, then shows a few
# people's feeds and the overview. Usage: deploy/demo-deskdrop.sh users_interactions.csv.zip
#
# The file is published by Gabriel Moreira as "Articles sharing and reading from CI&T DeskDrop". Everything happens in a
# new directory under .demo/, on a free port of the loopback interface; the server started here is stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

file=${1:-}
if [ ! -f "$file" ]; then
	echo "usage: make demo-deskdrop DESKDROP=users_interactions.csv.zip" >&2
	exit 2
fi
# Three of those who read most; the order of their feeds is what differs.
read -r -a people <<<"${AGENTS:-3609194402293569455 -2626634673110551643 -1032019229384696495}"

mkdir -p .demo
dir=$(mktemp -d .demo/deskdrop-XXXXXX)
port=
for candidate in $(shuf -i 20000-60000 -n 50); do
	if ! (: <"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then
		port=$candidate
		break
	fi
done
export FIL_SERVER=http://127.0.0.1:$port

bin/fil up --data "$dir/data" --listen "127.0.0.1:$port" >"$dir/server.log" 2>&1 &
server=$!
stop() {
	kill "$server" 2>/dev/null || true
	wait "$server" 2>/dev/null || true
}
trap stop EXIT

# ready asks /readyz without needing curl.
ready() {
	local answer
	exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
	printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
	read -r answer <&3 || return 1
	exec 3>&-
	[[ $answer == *" 200 "* ]]
}
for _ in $(seq 240); do
	if ready 2>/dev/null; then
		break
	fi
	if ! kill -0 "$server" 2>/dev/null; then
		cat "$dir/server.log" >&2
		exit 1
	fi
	read -r -t 0.5 <> <(:) || true
done
ready || { echo "the server is not ready after two minutes: $dir/server.log" >&2; exit 1; }

key() { bin/fil keys create --data "$dir/data" --role "$1"; }
ingest=$(key ingest)
service=$(key service)
leader=$(key leader)

import() {
	echo "== $1"
	FIL_KEY=$ingest bin/fil import "$@" --refused "$dir/refused-$1.ndjson"
}
import agents "$file" --map id=personId,country=userCountry,region=userRegion
import contents "$file" --map id=contentId,published_at=timestamp --const kind=news
import engagements "$file" --map agent=personId,content=contentId,kind=eventType,time=timestamp \
	--value kind:VIEW=read --value kind:LIKE=reaction --value kind:BOOKMARK=save \
	--value "kind:COMMENT CREATED=comment" --value kind:FOLLOW=follow

for agent in "${people[@]}"; do
	echo "== $agent"
	FIL_KEY=$service bin/fil feed --limit 5 -- "$agent"
done
echo "== 2016-03 … 2017-02"
FIL_KEY=$leader bin/fil report --from 2016-03-01 --to 2017-03-01 --by country
