# SPDX-License-Identifier: Apache-2.0
"""The check after every test: the machine must be as it was before. What is left is named, makes the
test fail, and is then removed so that the next test starts clean."""

import collections
import ctypes
import os
import platform
import shutil
import signal
from dataclasses import dataclass, field

from . import cgroup, process, systemd, wait

# Directories whose listing must not change. A dot name in a state root is the runtime's own cache.
_LISTED = ("/dev/shm", "/tmp", "/var/tmp", "/run", "/run/systemd/transient", "/sys/fs/bpf")
# systemd's own services come and go; a container that is one has a name of ours.
_OTHERS_UNITS = (".device", ".service", ".socket", ".timer", ".path", ".target", ".swap", ".automount")
# The credentials of systemd's own services, of which PID 1 learns by /proc/self/mountinfo, some time after the boot.
_OTHERS_MOUNTS = "run-credentials-systemd"
# <linux/bpf.h>, enum bpf_cmd
_PROG_GET_NEXT_ID, _PROG_GET_FD_BY_ID, _OBJ_GET_INFO_BY_FD = 11, 13, 15
_OTHERS_FILES = ("systemd-private-", "user", "systemd", "log", "lock", "credentials", "tmpfiles.d", "blkid", "udev",
                 "mount", "utmp", "sudo", "containers", "libpod", "netns", "crun", "runc", "unitc", "podman")


@dataclass
class Snapshot:
    units: dict = field(default_factory=dict)
    jobs: set = field(default_factory=set)
    cgroups: set = field(default_factory=set)
    mounts: list = field(default_factory=list)
    processes: dict = field(default_factory=dict)
    files: set = field(default_factory=set)
    sockets: set = field(default_factory=set)
    programs: collections.Counter = field(default_factory=collections.Counter)


def _bpf(command, attribute):
    """bpf(2) with a zeroed attribute of 128 bytes behind what is given; its result, -1 for an error."""
    number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
    return ctypes.CDLL(None, use_errno=True).syscall(number, command, ctypes.byref(attribute), ctypes.sizeof(attribute))


def _bpf_programs():
    """How many BPF programs of each type and content the kernel holds: 'type 15 tag 0123456789abcdef'. Not their
    ids: a daemon-reload loads the programs of all units anew."""
    if platform.machine() not in ("x86_64", "aarch64"):
        return collections.Counter()
    found, attribute = collections.Counter(), (ctypes.c_uint32 * 32)()
    while _bpf(_PROG_GET_NEXT_ID, attribute) == 0:
        number = attribute[1]
        program = _bpf(_PROG_GET_FD_BY_ID, (ctypes.c_uint32 * 32)(number))
        if program >= 0:
            info = (ctypes.c_uint32 * 64)()
            query = (ctypes.c_uint32 * 32)(program, ctypes.sizeof(info))
            ctypes.c_uint64.from_buffer(query, 8).value = ctypes.addressof(info)
            if _bpf(_OBJ_GET_INFO_BY_FD, query) == 0:
                found[f"type {info[0]} tag {bytes(info)[8:16].hex()}"] += 1
            os.close(program)
        attribute[0], attribute[1] = number, 0
    return found


def _held_bpf():
    """BPF programs and links that a process holds by a descriptor: 'pid: prog_id 7'."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open(f"/proc/{pid}/comm").read().startswith("systemd"):
                continue
            for name in os.listdir(f"/proc/{pid}/fd"):
                if "bpf" in os.readlink(f"/proc/{pid}/fd/{name}"):
                    text = open(f"/proc/{pid}/fdinfo/{name}").read()
                    found |= {f"process {pid}: {line}" for line in text.splitlines() if line.startswith(("prog_id", "link_id"))}
        except OSError:
            continue
    return found


def _is_containers(name):
    return name.startswith("unitc-") and name.endswith(".service")


def _is_systemds_own(part):
    """Cgroups that a daemon-reload makes for units that were there all the time."""
    return not _is_containers(part) and part.endswith((*_OTHERS_UNITS, ".mount")) or part.startswith("system-")


def _is_others_unit(name):
    return name.endswith(_OTHERS_UNITS) and not _is_containers(name) or name.startswith(_OTHERS_MOUNTS)


def _listing(directory, deep):
    found = set()
    for parent, directories, files in os.walk(directory):
        found |= {os.path.join(parent, name) for name in directories + files}
        if not deep:
            directories.clear()
    return found


def _abstract_sockets():
    with open("/proc/net/unix") as file:
        return {line.split()[7] for line in file if len(line.split()) > 7 and line.split()[7].startswith("@")}


class Watch:
    """What a lane can be checked for. `exclusive`: no other machine shares this kernel."""

    def __init__(self, state_roots, own_directory, exclusive):
        self.state_roots = state_roots
        self.own_directory = own_directory
        self.exclusive = exclusive
        self.before = self.snapshot()

    def snapshot(self):
        return Snapshot(
            units={name: how for name, how in systemd.units().items() if how[1] == "failed" or not _is_others_unit(name)},
            jobs=systemd.jobs(),
            cgroups={path for path in cgroup.directories() if not any(_is_systemds_own(part) for part in path.split("/"))},
            mounts=[f"{m['type']} {m['source']}{m['root']} on {m['point']}" for m in process.mounts(1) + process.mounts("self")],
            processes=self._own_processes(),
            files=self._files(),
            sockets=_abstract_sockets(),
            programs=(_bpf_programs() if self.exclusive else collections.Counter()) + collections.Counter(_held_bpf()),
        )

    def _own_processes(self):
        own = cgroup.of_process("self")
        found = {}
        for key, words in process.everything().items():
            try:
                where = cgroup.of_process(key[0])
            except (FileNotFoundError, ProcessLookupError, StopIteration):
                continue
            # Other services' processes come and go; ours are in our own group or in a scope.
            if where.startswith(own) or ".scope" in where and where != "/init.scope" or "unitc" in words:
                found[key] = f"{words} in {where}"
        return found

    def _files(self):
        found = set()
        for directory in _LISTED:
            found |= {path for path in _listing(directory, deep=False)
                      if not os.path.basename(path).startswith(_OTHERS_FILES)}
        for root in self.state_roots:
            for path in _listing(root, deep=True):
                top = os.path.relpath(path, root).split(os.sep)[0]
                if not top.startswith(".") or top.startswith(".deleted"):
                    found.add(path)
        return {path for path in found if not path.startswith(self.own_directory)}

    def _difference(self):
        now, old = self.snapshot(), self.before
        left = {
            "unit": {name: how for name, how in now.units.items()
                     if name not in old.units or (how[1] == "failed" and old.units[name][1] != "failed")},
            "job": now.jobs - old.jobs,
            "cgroup": now.cgroups - old.cgroups,
            "mount": [entry for entry in now.mounts if now.mounts.count(entry) > old.mounts.count(entry)],
            "process": {key: words for key, words in now.processes.items() if key not in old.processes},
            "file": now.files - old.files,
            "abstract socket": {name for name in now.sockets - old.sockets if "unitc" in name},
            "BPF": now.programs - old.programs,
        }
        left["mount"] += [f"gone: {entry}" for entry in old.mounts if entry not in now.mounts]
        return {kind: things for kind, things in left.items() if things}

    def check(self, seconds=3.0):
        """Names of what is left, empty when clean. systemd drops units and cgroups a moment after their
        last process has gone, hence the bounded wait."""
        left = {}

        def clean():
            nonlocal left
            left = self._difference()
            # Slices that systemd made for a scope stay active without members; no runtime removes them.
            slices = [name for name in left.get("unit", {}) if name.endswith(".slice")]
            if len(slices) == len(left.get("unit", {})):
                for name in slices:
                    systemd.control("stop", name)
            return not left

        wait.until(clean, seconds)
        named = [f"{kind} left behind: {thing}" + (f" ({things[thing]})" if isinstance(things, dict) else "")
                 for kind, things in left.items() for thing in (sorted(things, key=str))]
        if left:
            self._remove(left)
        return named

    def _remove(self, left):
        for path in left.get("cgroup", ()):
            if not path.endswith(".scope") and not _is_containers(os.path.basename(path)):
                continue
            try:
                with open(path + "/cgroup.kill", "w") as file:
                    file.write("1")
            except OSError:
                pass
        for pid, _ in left.get("process", {}):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for name in left.get("unit", {}):
            systemd.control("stop", "--no-block", name)
            systemd.control("kill", "-s", "KILL", name)
            systemd.control("reset-failed", name)
        for entry in reversed(left.get("mount", [])):
            if not entry.startswith("gone:"):
                os.system(f"umount -l '{entry.rpartition(' on ')[2]}'")
        for path in left.get("file", ()):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            elif os.path.lexists(path):
                os.unlink(path)
        # What could not be removed must not be counted against the next test.
        wait.until(lambda: not self._difference(), 2.0)
        self.before = self.snapshot()
