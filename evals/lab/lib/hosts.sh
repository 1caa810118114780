# Hosts: their emulated machine, and the commands that start, reach, rewind and stop them.

# machine N: fills MACHINE with the command line of host N. A saved memory state fits only the machine
# it came from, so hosts may differ in files, ports and sockets but in no device.
machine() {
  local n=$1 name
  MACHINE=(qemu-system-x86_64 -name "kai-lab-h$n" -nodefaults -no-user-config -display none
    -machine q35,hpet=off -accel "tcg,thread=multi" -cpu max -smp "$CPUS" -m "$MEMORY_MIB"
    -kernel "$CACHE/boot/vmlinuz" -initrd "$CACHE/boot/initrd" -append "$(kernel_arguments)"
    -chardev "file,id=console,path=$RUN/h$n.console" -serial chardev:console
    -chardev "socket,id=qmp,path=$RUN/h$n.qmp,server=on,wait=off" -mon chardev=qmp,mode=control
    -device virtio-rng-pci -device vmgenid,guid=auto
    # eth0: ssh from this machine's loopback, and no way out.
    -netdev "user,id=eth0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:$((PORT + n))-:22"
    -device virtio-net-pci,netdev=eth0,mac=52:54:00:6b:61:01,romfile=
    # eth1: a cable between h1 and h2; with the other end absent, frames are dropped.
    -netdev "dgram,id=eth1,local.type=unix,local.path=$RUN/h$n.wire,remote.type=unix,remote.path=$RUN/h$((3 - n)).wire"
    -device virtio-net-pci,netdev=eth1,mac=52:54:00:6b:61:02,romfile=)
  for name in root "${EXTRA_DISKS[@]}"; do
    # A lab disk need not outlive a crash of this machine: flushes stay in its page cache.
    MACHINE+=(-blockdev "qcow2,node-name=$name,discard=unmap,detect-zeroes=unmap,cache.no-flush=on,file.driver=file,file.cache.no-flush=on,file.filename=$RUN/h$n.$name.qcow2"
      -device "virtio-blk-pci,drive=$name,serial=lab-$name")
  done
}
kernel_arguments() {
  # Emulation is slow and its clock jumps: no watchdogs, no clock checks, no CPU bug workarounds.
  echo "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 apparmor=0 audit=0 mitigations=off" \
    "nowatchdog nosoftlockup tsc=reliable no_timer_check random.trust_cpu=on"
}
# What a saved memory state depends on, as one short word.
machine_key() {
  (
    RUN=/run CACHE=/cache PORT=0
    machine 0
    printf '%s\n' "${MACHINE[@]}" "$DISK_BYTES" "$(qemu-system-x86_64 --version)"
    cat "$here/lib/warmup.sh"
  ) | sha256sum | cut -c1-16
}

qmp() { python3 "$here/lib/qmp.py" "$RUN/h$1.qmp" "${@:2}"; }

# host_disks N: a layer over the read-only root image, and empty disks.
host_disks() {
  local n=$1 base=$2 name
  rm -f "$RUN/h$n".*.qcow2
  qemu-img create -q -f qcow2 -F qcow2 -b "$base" "$RUN/h$n.root.qcow2"
  for name in "${EXTRA_DISKS[@]}"; do
    qemu-img create -q -f qcow2 "$RUN/h$n.$name.qcow2" "$DISK_BYTES"
  done
}
# host_start N [QEMU ARGUMENT...]
host_start() {
  local n=$1
  shift
  machine "$n"
  rm -f "$RUN/h$n".{qmp,wire,console,log}
  setsid "${MACHINE[@]}" "$@" </dev/null >"$RUN/h$n.log" 2>&1 8>&- 9>&- &
  remember "h$n" $!
}
# host_kill N: stops at once; knows its own process from one that got its number later.
host_kill() {
  local n=$1 pid
  ssh_forget "$n"
  if pid=$(pid_of "h$n"); then
    kill -KILL "$pid"
    while alive "h$n"; do sleep 0.05; done
  fi
  rm -f "$RUN/h$n".{pid,qmp,wire}
}
# host_identity N: all hosts come from one memory state; this makes each one itself.
host_identity() {
  ssh_setup "$1"
  head -c 256 /dev/urandom |
    ssh "${SSH[@]}" root@127.0.0.1 "lab-identity $1 $(date +%s.%N)" || die "h$1: setting name and clock failed"
}
host_running() { alive "h$1" || die "h$1 is not running: start it with 'lab up'"; }

# ---- commands -------------------------------------------------------------------------------------

hosts_up() {
  local count=$1 n began=$SECONDS started=() jobs=() job
  [[ $count = [12] ]] || die "up: '$count' hosts? One or two"
  [[ -e $CACHE/steps/memory ]] || die "nothing is built in $CACHE: run 'lab build' first"
  [[ $(<"$CACHE/steps/memory") == "$(machine_key)" ]] ||
    die "the snapshot was made by another QEMU or from other settings: run 'lab build' again"
  mkdir -p "$RUN"
  # One start at a time, or two would take the same name.
  exec 8>"$RUN/lock"
  flock 8
  for ((n = 1; n <= count; n++)); do
    alive "h$n" && continue
    host_disks "$n" "$CACHE/memory/root.qcow2"
    host_start "$n" -incoming defer
    started+=("$n")
  done
  for n in "${started[@]}"; do
    (
      qmp "$n" restore "$CACHE/memory/state" || die "h$n did not start: $(tail -n 3 "$RUN/h$n.log")"
      wait_for_ssh "$n" 180
      host_identity "$n"
    ) 8>&- &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || die "up failed; 'lab down' clears what is left"; done
  for ((n = 1; n <= count; n++)); do
    printf 'h%s 127.0.0.1:%s %s\n' "$n" $((PORT + n)) "$KEY"
  done
  say "${#started[@]} started in $((SECONDS - began)) s"
}
hosts_down() {
  local n h
  [[ -d $RUN ]] || return 0
  (($#)) || set -- h1 h2
  for h in "$@"; do
    n=$(host_number "$h")
    host_kill "$n"
    rm -f "$RUN/h$n".*
  done
  # Only what was ours is gone by now; anything else in the folder keeps it.
  [[ -e $RUN/h1.pid || -e $RUN/h2.pid ]] || { rm -f "$RUN/lock"; quietly rmdir "$RUN"; }
}
host_ssh() {
  local user=root n
  [[ $1 != *@* ]] || user=${1%@*}
  n=$(host_number "${1##*@}")
  host_running "$n"
  shift
  ssh_setup "$n"
  # The kept connection is root's; another user takes one of his own.
  [[ $user = root ]] || SSH=(-o ControlPath=none "${SSH[@]}")
  exec ssh "${SSH[@]}" "$user@127.0.0.1" "$@"
}
host_push() {
  local n
  n=$(host_number "$1")
  host_running "$n"
  ssh_setup "$n"
  exec scp -q -r "${SSH[@]}" "${@:2:$#-2}" "root@127.0.0.1:${!#}"
}
host_write() {
  local n bytes
  n=$(host_number "$1")
  host_running "$n"
  [[ " ${EXTRA_DISKS[*]} " == *" $3 "* ]] || die "no blank disk '$3': they are ${EXTRA_DISKS[*]}"
  bytes=$(stat -Lc %s "$2")
  qmp "$n" write "$3" "$(realpath "$2")" || die "h$n: $2 was not written"
  echo "$bytes"
}
host_mark() {
  local n
  n=$(host_number "$1")
  host_running "$n"
  qmp "$n" mark "${2:-mark}" || die "h$n: the mark '${2:-mark}' was not made"
}
host_reset() {
  local n
  n=$(host_number "$1")
  host_running "$n"
  ssh_forget "$n"
  qmp "$n" rewind "${2:-mark}" || die "h$n is as it was"
  wait_for_ssh "$n" 120
  host_identity "$n"
}
host_powercycle() {
  local n
  n=$(host_number "$1")
  host_running "$n"
  ssh_forget "$n"
  qmp "$n" power-cycle
  wait_for_ssh "$n" 300
  host_identity "$n"
}
lab_status() {
  local s n pid built=0
  for s in base modules tree disk memory; do
    if [[ -e $CACHE/steps/$s ]]; then
      printf '%-8s %s\n' "$s" "$(date -r "$CACHE/steps/$s" '+%F %T')"
    else
      printf '%-8s missing\n' "$s"
      built=1
    fi
  done
  for n in 1 2; do
    if pid=$(pid_of "h$n"); then
      printf 'h%s       pid %s, 127.0.0.1:%s\n' "$n" "$pid" $((PORT + n))
    else
      printf 'h%s       down\n' "$n"
    fi
  done
  return "$built"
}
