#!/bin/sh
# The web page in Debian's Chromium, against the program that is given, on a simulated host:
#   run.sh KAI [FOLDER_FOR_SCREENSHOTS]
# Takes chromium from the system, and playwright-core from the npm registry into a folder of its own.
# Exits with 77 if one of them cannot be had.
set -eu
kai=$(realpath "$1")
shots=${2:+$(realpath -m "$2")}
here=$(cd "$(dirname "$0")" && pwd)
chromium=$(command -v chromium || command -v chromium-browser) || { echo "chromium is not installed" >&2; exit 77; }
command -v npm >/dev/null || { echo "npm is not installed" >&2; exit 77; }
. "$here/../stand.sh"

cp "$here/page.mjs" "$here/replicas.mjs" "$place/"
(cd "$place" && npm install --silent --no-audit --no-fund --no-package-lock playwright-core@1 >/dev/null 2>&1) ||
    { echo "playwright-core cannot be fetched" >&2; exit 77; }
(cd "$place" && node page.mjs "$url" "$chromium" "$token" ${shots:+"$shots"})
