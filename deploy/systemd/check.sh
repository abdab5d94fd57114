#!/usr/bin/env bash
# Asks systemd whether it understands the unit (it only warns of a key that it does not know), and how exposed the unit is.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v systemd-analyze >/dev/null; then
	echo "systemd-analyze est absent : apt install systemd / is missing: apt install systemd" >&2
	exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The program and the user of the unit are not on this machine.
sed -E 's|^ExecStart=/usr/local/bin/fil|ExecStart=/bin/true|; s/^(User|Group)=fil$/\1=root/' fil@.service >"$dir/fil@.service"
said=$(systemd-analyze verify --man=no "$dir/fil@ingest.service" 2>&1) || said="$said (refused)"
if grep -F "$dir" <<<"$said" >&2 || grep -F refused <<<"$said" >&2; then
	exit 1
fi
# 2.0 of 10: what a service with a network and a folder can come down to.
systemd-analyze security --offline=true --threshold=20 fil@.service | tail -n 1
