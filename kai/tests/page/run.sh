#!/bin/sh
# The web page in Debian's Chromium, against the program that is given, on a simulated host:
#   run.sh KAI [FOLDER_FOR_SCREENSHOTS]
# Takes chromium from the system, and playwright-core from the npm registry into a folder of its own.
# Exits with 77 if one of them cannot be had.
set -eu
kai=$(realpath "$1")
shots=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
chromium=$(command -v chromium || command -v chromium-browser) || { echo "chromium is not installed" >&2; exit 77; }
command -v npm >/dev/null || { echo "npm is not installed" >&2; exit 77; }

place=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$place"
}
trap end EXIT
trap 'exit 130' INT TERM

cp "$here/page.mjs" "$place/"
(cd "$place" && npm install --silent --no-audit --no-fund --no-package-lock playwright-core@1 >/dev/null 2>&1) ||
    { echo "playwright-core cannot be fetched" >&2; exit 77; }

mkdir "$place/pages"
cat >"$place/pages/hold.md" <<'PAGE'
# zfs-hold

## Holding a snapshot

`zfs hold TAG SNAPSHOT` adds a reference to a snapshot. A snapshot that is held cannot be destroyed:
`zfs destroy` returns EBUSY.

```
zfs hold keep tank/home@monday
```
PAGE
cat >"$place/pages/scrub.md" <<'PAGE'
# zpool-scrub

## Scrubbing a pool

`zpool scrub POOL` begins a scrub, which examines all data in the pool and verifies its checksums.
PAGE

export KAI_DATA_DIR="$place/data" KAI_ENGINE=built-in KAI_CONFIG=/dev/null
"$kai" --quiet index --words-only "$place/pages"
token=$("$kai" --quiet token add browser --scope ask,plan,approve)
"$kai" --json serve --listen 127.0.0.1:0 --sim "$place/host.json" >"$place/listening" 2>"$place/log" &
server=$!
for _ in $(seq 100); do
    [ -s "$place/listening" ] && break
    sleep 0.1
done
url=$(sed -n 's/.*"\(http:[^"]*\)".*/\1/p' "$place/listening")
[ -n "$url" ] || { cat "$place/log" >&2; exit 1; }
(cd "$place" && node page.mjs "$url" "$chromium" "$token" ${shots:+"$shots"})
