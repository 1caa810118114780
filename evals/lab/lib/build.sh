# `lab build`: from an empty folder to a memory snapshot of a booted host, in five steps.
#
#   base     a minimal Debian tree
#   modules  OpenZFS kernel modules, compiled in a throw-away copy of base (natively, not emulated)
#   tree     the guest's packages
#   disk     our settings (guest/) on top, then kernel, initrd and a disk image
#   memory   one boot; libvirt and ZFS warmed up; memory saved
#
# A step is done when steps/NAME holds the key of its inputs; doing one undoes all later ones.

SUITE=bookworm
STEPS=(base modules tree disk memory)
GUEST_PACKAGES=(systemd-sysv udev dbus kmod sudo openssh-server iproute2 iputils-ping procps psmisc less
  busybox-static python3 jq qemu-system-x86 qemu-utils ovmf libvirt-daemon-system libvirt-clients
  dnsmasq-base virtinst xorriso genisoimage cloud-image-utils gdisk)
# Programs wanted on this machine, and the packages that have them.
declare -A HOST_PROGRAMS=([debootstrap]=debootstrap [qemu-system-x86_64]=qemu-system-x86
  [qemu-img]=qemu-utils [ssh]=openssh-client [python3]=python3 [cpio]=cpio [jq]=jq [mkfs.ext4]=e2fsprogs)

build_all() {
  local from='' began=$SECONDS step undo=0
  case $# in
    0) ;;
    2) [[ $1 = --from && " ${STEPS[*]} " == *" $2 "* ]] || wrong "unknown: $*"
      from=$2 ;;
    *) wrong "unknown: $*" ;;
  esac
  [[ $(id -u) = 0 ]] || die "build needs root (it makes a Debian tree with chroot)"
  # A mount namespace of our own: whatever is mounted below is gone when this process is, come what may.
  [[ ${KAI_LAB_UNSHARED:-} ]] || KAI_LAB_UNSHARED=1 exec unshare --mount --propagation private "$here/lab" build "$@"
  umask 022
  mkdir -p "$CACHE"/{steps,log,key,boot,memory,downloads}
  exec 9>"$CACHE/lock"
  flock -n 9 || { say "another build runs: waiting for it"; flock 9; }
  build_needs
  for step in "${STEPS[@]}"; do
    [[ $step != "$from" ]] || undo=1
    local key
    key=$("key_$step")
    if ((undo == 0)) && [[ -e $CACHE/steps/$step && $(<"$CACHE/steps/$step") == "$key" ]]; then continue; fi
    undo=1
    build_step "$step" "$key"
  done
  say "ready in $((SECONDS - began)) s: $(du -shc "$CACHE"/{boot,disk,memory} | tail -n 1 | cut -f1) to run from, $(du -sh "$CACHE" | cut -f1) in all, in $CACHE"
}
# build_step NAME KEY: runs it with its output in a log, with errors fatal wherever they happen.
build_step() {
  local log=$CACHE/log/$1.log began=$SECONDS status=0 s later=0
  for s in "${STEPS[@]}"; do
    [[ $s != "$1" ]] || later=1
    ((later == 0)) || rm -f "$CACHE/steps/$s"
  done
  say "$1 ... ($log)"
  set +e
  (set -e; "step_$1") >"$log" 2>&1
  status=$?
  set -e
  ((status == 0)) || { tail -n 15 "$log" >&2; die "step $1 failed: $log"; }
  echo "$2" >"$CACHE/steps/$1"
  say "$1 took $((SECONDS - began)) s"
}
build_needs() {
  local p missing round
  # Twice: one of them may take another with it that was there in a version that does not fit.
  for round in 1 2; do
    missing=()
    for p in "${!HOST_PROGRAMS[@]}"; do
      PATH=$PATH:/usr/sbin:/sbin type -P "$p" >/dev/null || missing+=("${HOST_PROGRAMS[$p]}")
    done
    ((${#missing[@]})) || return 0
    say "installing on this machine: ${missing[*]}"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
      >"$CACHE/log/needs$round.log" 2>&1 || die "could not install ${missing[*]}: $CACHE/log/needs$round.log"
  done
}

# ---- where packages come from -----------------------------------------------------------------------

# archive LABEL: the first archive with that label in this machine's apt sources.
archive() {
  apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' -v want="$1" '$1 == want { print $2; exit }'
}
debian_archive() {
  local a=${KAI_LAB_MIRROR:-$(archive Debian)}
  [[ $a ]] || die "apt on this machine knows no Debian archive: run apt-get update, or set KAI_LAB_MIRROR"
  echo "$a"
}
# apt_settings FOLDER: sources and settings for apt inside a tree. FOLDER is on a tmpfs that only this
# process sees: archive names, proxies and passwords never reach the tree.
apt_settings() {
  local d=$1 main security
  main=$(debian_archive)
  security=${KAI_LAB_SECURITY:-$(archive Debian-Security)}
  mkdir -p "$d"/{lists/partial,sources.d,parts,auth}
  {
    echo "deb $main $SUITE main contrib"
    echo "deb $main $SUITE-updates main contrib"
    # Never chosen by itself: only where a step asks for it.
    echo "deb $main $SUITE-backports main contrib"
    [[ -z $security ]] || echo "deb $security $SUITE-security main contrib"
  } >"$d/sources.list"
  quietly cp -r /etc/apt/auth.conf.d/. "$d/auth/"
  quietly cat /etc/ssl/certs/ca-certificates.crt >"$d/ca.crt"
  {
    apt-config dump | grep -E '^Acquire::(http|https|Retries|Check|ForceIPv4)' || true
    [[ ! -s $d/ca.crt ]] || echo 'Acquire::https::CaInfo "/run/lab/ca.crt";'
    cat <<'END'
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State::lists "/run/lab/lists";
Dir::Etc::sourcelist "/run/lab/sources.list";
Dir::Etc::sourceparts "/run/lab/sources.d";
Dir::Etc::parts "/run/lab/parts";
Dir::Etc::netrcparts "/run/lab/auth";
DPkg::Options { "--force-unsafe-io"; "--force-confold"; };
END
  } >"$d/apt.conf"
}
# tree_open TREE: ready for `within TREE COMMAND...` with apt. tree_close TREE takes it away again.
tree_open() {
  mount -t proc proc "$1/proc"
  mount -t tmpfs -o mode=755 tmpfs "$1/run"
  mkdir -p "$1/run/lab" "$CACHE/downloads/partial"
  mount --bind "$CACHE/downloads" "$1/var/cache/apt/archives"
  cat /etc/resolv.conf >"$1/run/lab/resolv.conf"
  cat /etc/hosts >"$1/run/lab/hosts"
  : >"$1/etc/resolv.conf"
  mount --bind "$1/run/lab/resolv.conf" "$1/etc/resolv.conf"
  touch "$1/etc/hosts"
  mount --bind "$1/run/lab/hosts" "$1/etc/hosts"
  # Packages must not start their services here.
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
  apt_settings "$1/run/lab"
  within "$1" apt-get -q update
}
tree_close() {
  umount "$1/etc/hosts" "$1/etc/resolv.conf" "$1/var/cache/apt/archives" "$1/run" "$1/proc"
  rm -f "$1/usr/sbin/policy-rc.d"
}
within() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive APT_CONFIG=/run/lab/apt.conf chroot "$@"
}
install_in() { within "$1" apt-get -q -y install "${@:2}"; }

# ---- the steps ----------------------------------------------------------------------------------------

key_base() { echo "$SUITE"; }
step_base() {
  rm -rf --one-file-system "$CACHE/base"
  mkdir -p "$CACHE/downloads"
  # debootstrap fetches with its own tool, which takes the proxy from the environment.
  local proxy p
  for p in http https; do
    eval "$(apt-config shell proxy "Acquire::$p::Proxy")"
    [[ -z ${proxy:-} ]] || export "${p}_proxy=$proxy"
  done
  debootstrap --variant=minbase --include=ca-certificates --cache-dir="$CACHE/downloads" \
    "$SUITE" "$CACHE/base" "$(debian_archive)"
  : >"$CACHE/base/etc/resolv.conf"
}

key_modules() { echo 2.3; }
step_modules() {
  local t=$CACHE/modules.tree kernel zfs
  rm -rf --one-file-system "$t" "$CACHE/modules"
  cp -a "$CACHE/base" "$t"
  tree_open "$t"
  install_in "$t" linux-headers-cloud-amd64 build-essential dkms
  # Installing the package compiles it for the headers that are there.
  install_in "$t" -t "$SUITE-backports" zfs-dkms
  kernel=$(basename "$t"/lib/modules/*-cloud-amd64)
  zfs=$(within "$t" dpkg-query -W -f '${source:Upstream-Version}' zfs-dkms)
  within "$t" dkms status
  mkdir "$CACHE/modules"
  find "$t/lib/modules/$kernel/updates" -name '*.ko*' -exec cp -t "$CACHE/modules" {} +
  [[ -n $(ls "$CACHE"/modules/zfs.ko*) ]]
  echo "$kernel" >"$CACHE/modules/KERNEL"
  echo "$zfs" >"$CACHE/modules/ZFS"
  tree_close "$t"
  rm -rf --one-file-system "$t"
}

key_tree() { echo "${GUEST_PACKAGES[*]}" | sha256sum | cut -c1-16; }
step_tree() {
  local t=$CACHE/tree kernel zfs
  kernel=$(<"$CACHE/modules/KERNEL") zfs=$(<"$CACHE/modules/ZFS")
  rm -rf --one-file-system "$t"
  cp -a "$CACHE/base" "$t"
  tree_open "$t"
  install_in "$t" "${GUEST_PACKAGES[@]}"
  install_in "$t" -t "$SUITE-backports" zfsutils-linux
  # Tools and modules of different versions half work, which is worse than not at all.
  [[ $(within "$t" dpkg-query -W -f '${source:Upstream-Version}' zfsutils-linux) == "$zfs" ]]
  # The kernel is unpacked, not installed: it needs no boot loader and no initramfs machinery.
  within "$t" sh -ec "mkdir /run/lab/k; cd /run/lab/k; apt-get -q download linux-image-$kernel; dpkg-deb -x *.deb x"
  cp -a "$t/run/lab/k/x/boot/." "$t/boot/"
  cp -a "$t/run/lab/k/x/lib/modules/." "$t/usr/lib/modules/"
  mkdir -p "$t/usr/lib/modules/$kernel/updates"
  cp "$CACHE"/modules/*.ko* "$t/usr/lib/modules/$kernel/updates/"
  within "$t" depmod "$kernel"
  within "$t" useradd --create-home --shell /bin/bash --password '*' lab
  tree_close "$t"
}

key_disk() {
  (cd "$here" && find guest initrd -type f | LC_ALL=C sort | xargs sha256sum; declare -f step_disk) | sha256sum | cut -c1-16
}
step_disk() {
  local t=$CACHE/tree kernel host unit
  kernel=$(<"$CACHE/modules/KERNEL")
  # Our settings. Owner and modes are set here: a checkout keeps neither.
  cp -rT --no-preserve=mode,ownership "$here/guest" "$t"
  chmod 755 "$t"/usr/local/sbin/*
  chmod 440 "$t"/etc/sudoers.d/lab
  : >"$t/etc/machine-id"
  : >"$t/etc/fstab"
  [[ -s $KEY ]] || ssh-keygen -q -t ed25519 -N '' -C kai-lab -f "$KEY"
  rm -f "$t"/etc/ssh/ssh_host_{rsa,ecdsa}_key*
  echo "kai-lab $(cut -d' ' -f1,2 "$t/etc/ssh/ssh_host_ed25519_key.pub")" | tee "$CACHE/key/known_hosts" >"$t/etc/ssh/ssh_known_hosts"
  for host in root home/lab; do
    mkdir -p "$t/$host/.ssh"
    cp "$KEY.pub" "$t/$host/.ssh/authorized_keys"
    chown -R --reference="$t/$host" "$t/$host/.ssh"
    chmod -R go-rwx "$t/$host/.ssh"
  done
  install -m 600 "$KEY" "$t/root/.ssh/id_ed25519"      # h1 reaches h2 as root
  # A restored host's clock jumps by days, which would set off every timer at once.
  for unit in "$t"/usr/lib/systemd/system/*.timer; do
    [[ $unit == *@* ]] || ln -sfn /dev/null "$t/etc/systemd/system/${unit##*/}"
  done
  for unit in getty@tty1 serial-getty@ttyS0 systemd-networkd-wait-online libvirt-guests systemd-pstore zfs-zed zfs-share; do
    ln -sfn /dev/null "$t/etc/systemd/system/$unit.service"
  done
  within "$t" systemctl -q enable ssh systemd-networkd libvirtd
  within "$t" systemctl -q set-default multi-user.target

  disk_clean "$t"
  disk_boot "$t" "$kernel"
  rm -rf "$CACHE/disk"
  mkdir "$CACHE/disk"
  truncate -s 8G "$CACHE/disk/root.raw"
  mkfs.ext4 -q -F -m 0 -E nodiscard -d "$t" "$CACHE/disk/root.raw"
  qemu-img convert -f raw -O qcow2 "$CACHE/disk/root.raw" "$CACHE/disk/root.qcow2"
  rm "$CACHE/disk/root.raw"
}
# disk_clean TREE: drops what only cost room, and makes sure that nothing names where packages came from.
disk_clean() {
  local t=$1 name names
  rm -rf "$t"/var/lib/apt/lists/* "$t"/var/cache/apt/*.bin "$t"/var/log/{apt,bootstrap.log,dpkg.log,alternatives.log} \
    "$t"/etc/apt/{sources.list,sources.list.d,auth.conf.d} "$t"/usr/share/{doc,man,locale,info}/* "$t"/root/.wget-hsts
  mkdir -p "$t/var/log/apt" "$t/etc/apt/sources.list.d"
  names=$( (apt-config dump | grep -iE '::proxy' || true; debian_archive; archive Debian-Security) |
    grep -oE '://[^/" ]+' | sed -E 's#://(.*@)?##' | sort -u)
  for name in $names; do
    # The public archive's own name is in package data everywhere, and is no secret.
    [[ $name != *.debian.org ]] || continue
    ! grep -rlF -- "$name" "$t"/{etc,root,home,var,usr/local} || die "the tree still names $name"
  done
}
# disk_boot TREE KERNEL: the kernel, and an initrd that knows one thing: /dev/vda is the root.
disk_boot() {
  local t=$1 kernel=$2 d=$CACHE/boot/initrd.tree n=10 m
  cp "$t/boot/vmlinuz-$kernel" "$CACHE/boot/vmlinuz"
  rm -rf "$d"
  mkdir -p "$d"/{bin,dev,root,modules}
  cp "$t/usr/bin/busybox" "$d/bin/"
  install -m 755 "$here/initrd/init" "$d/init"
  # Numbered in the order of their dependencies; drivers built into the kernel print nothing here.
  for m in virtio_pci virtio_blk ext4; do within "$t" modprobe -S "$kernel" --show-depends "$m"; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$CACHE/boot/modules"
  while read -r m; do
    n=$((n + 1))
    cp "$t/$m" "$d/modules/$n-${m##*/}"
  done <"$CACHE/boot/modules"
  (cd "$d" && find . | cpio -o -H newc --quiet) >"$CACHE/boot/initrd"
  rm -rf "$d" "$CACHE/boot/modules"
}

key_memory() { machine_key; }
step_memory() {
  RUN=$CACHE/first-boot
  PORT=$((PORT - 1))
  rm -rf "$RUN"
  mkdir -p "$RUN"
  rm -rf "$CACHE/memory"
  mkdir "$CACHE/memory"
  trap 'host_kill 9' EXIT
  host_disks 9 "$CACHE/disk/root.qcow2"
  host_start 9
  wait_for_ssh 9 600
  ssh_setup 9
  ssh "${SSH[@]}" root@127.0.0.1 bash -s <"$here/lib/warmup.sh"
  ssh_forget 9
  qmp 9 save "$CACHE/memory/state"
  while alive h9; do sleep 0.1; done
  mv "$RUN/h9.root.qcow2" "$CACHE/memory/root.qcow2"
  # Relative, so that the cache can be moved.
  qemu-img rebase -u -F qcow2 -b ../disk/root.qcow2 "$CACHE/memory/root.qcow2"
  rm -rf "$RUN"
}
