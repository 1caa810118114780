# Settings and small helpers that every command shares. Sourced by `lab`; does nothing by itself.

CACHE=${KAI_LAB_CACHE:-/var/tmp/kai-lab}
RUN=${KAI_LAB_RUN:-$CACHE/run}
PORT=${KAI_LAB_PORT:-2400}
KEY=$CACHE/key/id_ed25519

# Part of the memory snapshot: changing one of these makes `build` save a new one.
MEMORY_MIB=2048
CPUS=2
DISK_BYTES=8G
EXTRA_DISKS=(vdb vdc vdd)

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
quietly() { "$@" 2>/dev/null || true; }

# host_number NAME: h1 -> 1. Nine is the host that `build` boots to make the snapshot.
host_number() {
  case $1 in
    h1 | 1) echo 1 ;;
    h2 | 2) echo 2 ;;
    h9) echo 9 ;;
    *) die "no host '$1': they are h1 and h2" ;;
  esac
}

# ---- processes: a pid counts only together with its start time ------------------------------------

# The kernel's start time of a process, in ticks since boot: no two processes share pid and this.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The second field is the name in brackets, which may hold blanks: cut behind the last bracket.
  stat=${stat##*) }
  cut -d' ' -f20 <<<"$stat"
}
remember() { printf '%s %s\n' "$2" "$(start_time "$2")" >"$RUN/$1.pid"; }      # remember NAME PID
# pid_of NAME: prints the pid if that very process still lives.
pid_of() {
  local pid born now
  [[ -s $RUN/$1.pid ]] || return 1
  read -r pid born <"$RUN/$1.pid"
  now=$(start_time "$pid") && [[ $now == "$born" ]] || return 1
  echo "$pid"
}
alive() { pid_of "$1" >/dev/null; }

# ---- ssh ------------------------------------------------------------------------------------------

# ssh_setup N: fills SSH with options that look at nothing of the caller's own ssh settings.
ssh_setup() {
  SSH=(-F /dev/null -o IdentitiesOnly=yes -o IdentityFile="$KEY" -o LogLevel=ERROR
    -o UserKnownHostsFile="$CACHE/key/known_hosts" -o HostKeyAlias=kai-lab -o StrictHostKeyChecking=yes
    -o ConnectTimeout=20 -o ServerAliveInterval=20 -o ServerAliveCountMax=15
    # A handshake takes seconds under emulation, so all calls share one connection.
    -o ControlMaster=auto -o ControlPersist=15m -o ControlPath="$RUN/h$1.mux"
    -o Port=$((PORT + $1)))
}
ssh_forget() {
  [[ -S $RUN/h$1.mux ]] || return 0
  ssh_setup "$1"
  quietly ssh "${SSH[@]}" -O exit 127.0.0.1
  rm -f "$RUN/h$1.mux"
}
# wait_for_ssh N SECONDS: gives up early if the emulator ends.
wait_for_ssh() {
  local end=$((SECONDS + $2))
  ssh_setup "$1"
  until quietly timeout 20 ssh "${SSH[@]}" -o ControlMaster=no -o ControlPath=none root@127.0.0.1 echo here |
    grep -q here; do
    alive "h$1" || die "h$1 ended: $(tail -n 3 "$RUN/h$1.log" "$RUN/h$1.console" 2>/dev/null)"
    ((SECONDS < end)) || die "h$1 does not answer on port $((PORT + $1)) after $2 s: see $RUN/h$1.console"
    sleep 0.3
  done
}
