#!/usr/bin/env bash
# Judges orders on DeskDrop, the real log of an internal communication platform, without a server: before each first read,
# each order ranks what was live. Usage: deploy/evaluate-deskdrop.sh users_interactions.csv.zip [flags of fil evaluate]
#
# The file is published by Gabriel Moreira as "Articles sharing and reading from CI&T DeskDrop".
set -euo pipefail
cd "$(dirname "$0")/.."

file=${1:-}
if [ ! -f "$file" ]; then
	echo "usage: make evaluate-deskdrop DESKDROP=users_interactions.csv.zip" >&2
	exit 2
fi
shift
exec bin/fil evaluate --map agent=personId,content=contentId,kind=eventType,time=timestamp --map group=userCountry \
	--value kind:VIEW=read --value kind:LIKE=reaction --value kind:BOOKMARK=save \
	--value "kind:COMMENT CREATED=comment" --value kind:FOLLOW=follow "$@" "$file"
