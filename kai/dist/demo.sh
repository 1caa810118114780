#!/bin/sh
# From nothing to cited answers: fetch the documentation, index it by words, ask, and let the
# vectors come behind. usage: demo.sh KAI DIR
set -eu

kai=$1
dir=$2
run() {
    printf '\n$ kai' >&2
    for word in "$@"; do case $word in *" "*) printf ' "%s"' "$word" >&2 ;; *) printf ' %s' "$word" >&2 ;; esac; done
    printf '\n' >&2
    "$kai" --data-dir "$dir" "$@"
}

echo "kai keeps this demo's data in $dir" >&2
run corpus sync || [ $? -eq 3 ]
run index --words-only
run ask "How do I resume a zfs send that was interrupted?"
run ask "Which option of virsh undefine also removes the NVRAM of a UEFI guest?"
run ask "How do I limit how much memory the ZFS ARC may use?"

echo "" >&2
echo "These answers went by words. A model adds meaning; its vectors take some minutes." >&2
if run model pull; then
    run index
    run search "the pool is full although I deleted everything"
fi
