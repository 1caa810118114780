#!/bin/sh
# Installs Debian's Chromium where it is missing and apt can. Says what it installs.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "please install chromium with this system's package manager" >&2; exit 1; }
root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "as root, install: chromium" >&2; exit 1; }
    root=sudo
fi
echo "installing with apt: chromium"
$root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends chromium >/dev/null
