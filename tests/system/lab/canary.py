# SPDX-License-Identifier: Apache-2.0
"""A directory of the host that no container may touch, and the other things that an escape would
change: a few sysctls and the runtime's own binary. Equal before and after is the proof."""

import hashlib
import os
import stat

# Every name that a runtime creates or removes below /dev or /proc.
NAMES = """ptmx console null zero full tty urandom random fd stdin stdout stderr core pts shm mqueue
 self exec attr acpi kcore keys passwd marker""".split()
_SYSCTLS = ("kernel/core_pattern", "kernel/hostname", "kernel/domainname", "kernel/modprobe", "kernel/sysrq",
            "kernel/msgmax", "kernel/shmmax", "net/ipv4/ip_forward", "fs/suid_dumpable")


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        return repr(error).encode()


class Canary:
    def __init__(self, directory, binary):
        self.directory = directory
        self.binary = binary
        os.makedirs(directory)
        for name in NAMES:
            with open(os.path.join(directory, name), "w") as file:
                file.write(f"the host's {name}\n")
        self.before = self.snapshot()

    def path(self, name=""):
        return os.path.join(self.directory, name) if name else self.directory

    def snapshot(self):
        found = {}
        for parent, directories, files in os.walk(self.directory):
            for name in [".", *directories, *files]:
                path = os.path.join(parent, name)
                facts = os.lstat(path)
                digest = hashlib.sha256(_read(path)).hexdigest() if stat.S_ISREG(facts.st_mode) else ""
                found[os.path.normpath(path)] = (facts.st_ino, oct(facts.st_mode), facts.st_uid, facts.st_gid, facts.st_size,
                                                 facts.st_mtime_ns, facts.st_ctime_ns, digest)
        for name in _SYSCTLS:
            found["/proc/sys/" + name] = _read("/proc/sys/" + name)
        facts = os.stat(self.binary)
        found[self.binary] = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns,
                              hashlib.sha256(_read(self.binary)).hexdigest())
        return found

    def changes(self):
        """One line for each thing that is not as it was."""
        after = self.snapshot()
        names = sorted(set(self.before) | set(after))
        return [f"{name}: {self.before.get(name)} -> {after.get(name)}" for name in names
                if self.before.get(name) != after.get(name)]
