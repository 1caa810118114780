# Runs once in the first booted host, before its memory is saved: what every test would otherwise pay for
# (libvirt probing QEMU, modules, page cache) is paid here, and a host on which this fails is not saved.
set -euo pipefail
limit=$((SECONDS + 240))
until systemctl is-active -q libvirtd && virsh -q uri; do
  ((SECONDS < limit)) || { systemctl status libvirtd; exit 1; }
  sleep 1
done
virsh -q domcapabilities --machine q35 --virttype qemu >/dev/null
virsh -q capabilities >/dev/null

# A pool in a file: the blank disks stay untouched, so that every host can have its own.
truncate -s 1G /var/tmp/warm
zpool create -m none warm /var/tmp/warm
zfs create -s -V 64M warm/disk
udevadm settle
zfs snapshot warm/disk@a
zfs clone warm/disk@a warm/copy
zfs list -Hpt all
zpool status -j warm >/dev/null
cat >/var/tmp/warm.xml <<'XML'
<domain type='qemu'>
  <name>warm</name>
  <memory unit='MiB'>128</memory>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/><source dev='/dev/zvol/warm/disk'/><target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
XML
virsh define --validate /var/tmp/warm.xml
virsh start warm
virsh domstate warm
virsh destroy warm
virsh undefine warm --nvram
udevadm settle
for try in 1 2 3 4 5; do zpool destroy warm && break || sleep 1; done
! zpool list -H warm 2>/dev/null
rm -f /var/tmp/warm /var/tmp/warm.xml /var/log/libvirt/qemu/warm.log
qemu-img --version
virt-install --version
xorriso -version 2>/dev/null | head -n 1
zfs version
failed=$(systemctl --failed --no-legend --plain)
[ -z "$failed" ] || { echo "$failed"; exit 1; }
sync
fstrim / || true
free -m
