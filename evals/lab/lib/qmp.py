"""Tells one running emulator what to do, over its QMP socket.

    qmp.py SOCKET save FILE       stop the machine, write its memory to FILE, end the emulator
    qmp.py SOCKET restore FILE    fill a waiting machine from FILE and let it run
    qmp.py SOCKET mark NAME       snapshot of memory and all disks inside the disk images
    qmp.py SOCKET rewind NAME     back to that snapshot
    qmp.py SOCKET power-cycle     hard reset
    qmp.py SOCKET write DISK FILE the file's bytes, at the beginning of a disk that the host sees
"""
import json
import os
import shlex
import socket
import sys
import time


class Refused(Exception):
    """The emulator answered with an error."""


class Machine:
    def __init__(self, path):
        end = time.monotonic() + 30
        while True:  # the emulator may still be on its way to opening the socket
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                break
            except OSError:
                sock.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        sock.settimeout(300)
        self.lines = sock.makefile("rw", encoding="utf-8")
        self.lines.readline()  # greeting
        self("qmp_capabilities")

    def __call__(self, name, **arguments):
        self.lines.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.lines.flush()
        for line in self.lines:
            answer = json.loads(line)
            if "error" in answer:
                raise Refused(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise Refused(f"{name}: the emulator ended")

    def poll(self, question, done):
        """Asks until `done(answer)` is true, and returns that answer."""
        while not done(answer := self(question)):
            time.sleep(0.05)
        return answer

    def migrated(self):
        end = ("completed", "failed", "cancelled")
        last = self.poll("query-migrate", lambda a: a.get("status") in end)
        if last["status"] != "completed":
            raise Refused(f"memory state {last['status']}: {last.get('error-desc', 'no reason given')}")

    def disks(self):
        """Writable disk nodes by name, with the names of their snapshots; the root disk first."""
        found = {}
        for device in self("query-block"):
            node = device["inserted"]
            found[node["node-name"]] = [s["name"] for s in node["image"].get("snapshots", [])]
        return dict(sorted(found.items(), key=lambda item: item[0] != "root"))

    def job(self, command, name):
        nodes = list(self.disks())
        more = {} if command == "snapshot-delete" else {"vmstate": nodes[0]}
        self(command, **{"job-id": command, "tag": name, "devices": nodes, **more})
        jobs = self.poll("query-jobs", lambda a: all(j["status"] == "concluded" for j in a))
        errors = [j["error"] for j in jobs if "error" in j]
        for j in jobs:
            self("job-dismiss", id=j["id"])
        if errors:
            raise Refused(f"{command} {name}: {errors[0]}")


def save(vm, path):
    vm("stop")
    vm("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
    vm("migrate", uri=f"exec:cat >{shlex.quote(path)}")
    vm.migrated()
    vm("quit")


def restore(vm, path):
    vm("migrate-incoming", uri=f"exec:cat {shlex.quote(path)}")
    vm.migrated()
    # The state was saved from a stopped machine, so it waits.
    vm("cont")


def mark(vm, name):
    if any(name in snapshots for snapshots in vm.disks().values()):
        vm.job("snapshot-delete", name)
    vm.job("snapshot-save", name)


def rewind(vm, name):
    missing = [disk for disk, snapshots in vm.disks().items() if name not in snapshots]
    if missing:
        raise Refused(f"there is no mark '{name}'")
    vm.job("snapshot-load", name)
    if not vm("query-status")["running"]:
        vm("cont")


def power_cycle(vm):
    vm("system_reset")


def write(vm, disk, path):
    # By the device and not by the node: nobody else may write to that.
    device = next(d["qdev"] for d in vm("query-block") if d["inserted"]["node-name"] == disk)
    size = -(-os.path.getsize(path) // 4096) * 4096
    said = vm("human-monitor-command", **{"command-line": f'qemu-io -d {device} "write -s {path} 0 {size}"'})
    if said.strip():
        raise Refused(said.strip())


COMMANDS = {
    "save": save,
    "restore": restore,
    "mark": mark,
    "rewind": rewind,
    "power-cycle": power_cycle,
    "write": write,
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[2]](Machine(sys.argv[1]), *sys.argv[3:])
    except (Refused, OSError) as error:
        sys.exit(f"lab: {error}")
