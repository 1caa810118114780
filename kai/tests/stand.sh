# Starts the service for a test that is not in Rust; sourced, with $kai set to the program. Sets $place (a
# folder that goes with the test), $url, and $token (scopes ask, plan, approve). The simulated host is the
# playground; the index has two pages.
place=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$place"
}
trap end EXIT
trap 'exit 130' INT TERM

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

export KAI_DATA_DIR="$place/data" KAI_ENGINE=built-in KAI_CONFIG=/dev/null KAI_SIM="$place/host.json"
"$kai" --quiet index --words-only "$place/pages"
token=$("$kai" --quiet token add browser --scope ask,plan,approve)
"$kai" --json serve --listen 127.0.0.1:0 >"$place/listening" 2>"$place/log" &
server=$!
for _ in $(seq 100); do
    [ -s "$place/listening" ] && break
    sleep 0.1
done
url=$(sed -n 's/.*"\(http:[^"]*\)".*/\1/p' "$place/listening")
[ -n "$url" ] || { cat "$place/log" >&2; exit 1; }
