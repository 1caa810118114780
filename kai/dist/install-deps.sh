#!/bin/sh
# Installs what building and running kai need and this machine lacks, and the programs that are named
# beside (their packages are called as they are). Says what it installs.
set -eu

missing=""
need() { # PROGRAM DEBIAN-PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need cc gcc
need protoc protobuf-compiler
# The compiler's own definitions are a package apart.
knows_empty() {
    probe=$(mktemp -d)
    printf 'syntax = "proto3";\nimport "google/protobuf/empty.proto";\n' >"$probe/probe.proto"
    protoc -I"$probe" --descriptor_set_out=/dev/null probe.proto >/dev/null 2>&1 && known=0 || known=1
    rm -rf "$probe"
    return $known
}
for extra in "$@"; do
    need "$extra" "$extra"
done
knows_empty || missing="$missing libprotobuf-dev"
need mandoc mandoc
python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"

if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: install Rust first (https://rustup.rs)" >&2
    exit 1
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "please install with this system's package manager:$missing" >&2
    exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "as root, install:$missing" >&2; exit 1; }
    root=sudo
fi
echo "installing with apt:$missing"
$root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
