# SPDX-License-Identifier: Apache-2.0
"""What /proc says of a process, seen from the host."""

import array
import fcntl
import os
import socket
import struct


def status(pid):
    with open(f"/proc/{pid}/status") as file:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}


def stat(pid):
    """Fields of /proc/PID/stat from the third on (state, ppid, …), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].decode().split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(pid):
    fields = stat(pid)
    return fields is not None and fields[0] not in "ZX"


def start_time(pid):
    fields = stat(pid)
    return int(fields[19]) if fields else None


def environment(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return [entry.decode() for entry in file.read().split(b"\0") if entry]


def descriptors(pid):
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return found


def limits(pid):
    """{'Max open files': (soft, hard)} as text."""
    with open(f"/proc/{pid}/limits") as file:
        next(file)
        return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in file}


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def mounts(pid):
    """Every mount as {point, root, options, propagation, type, source, super}, in mountinfo's order."""
    found = []
    with open(f"/proc/{pid}/mountinfo") as file:
        for line in file:
            left, _, right = line.rstrip("\n").partition(" - ")
            head, tail = left.split(" "), right.split(" ")
            found.append({"root": head[3], "point": head[4], "options": head[5].split(","), "propagation": head[6:],
                          "type": tail[0], "source": tail[1], "super": tail[2].split(",")})
    return found


def mount_at(pid, point):
    """The topmost mount at a point, or None."""
    return next((entry for entry in reversed(mounts(pid)) if entry["point"] == point), None)


def everything():
    """{(pid, start time): command line} of all user-space processes."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        fields = stat(name)
        # Kernel threads are children of process 2, which no machine of ours has but the VM.
        if fields is None or fields[1] == "2" or name == "2":
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            with open(f"/proc/{name}/comm") as file:
                words = words or f"[{file.read().strip()}]"
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[(int(name), int(fields[19]))] = words + (" (zombie)" if fields[0] == "Z" else "")
    return found


def kernel_tells_of_senders_that_ended():
    """Whether a datagram of a process that was reaped comes with its pidfd (SO_PASSPIDFD), and that with its
    cgroup (PIDFD_GET_INFO): asked by doing it, whatever the kernel calls itself."""
    pass_pidfd, scm_pidfd, cgroup_id, ended = 76, 4, 1 << 2, 1 << 3
    get_info = 0xC0000000 | 64 << 16 | 0xFF << 8 | 11
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        try:
            ours.setsockopt(socket.SOL_SOCKET, pass_pidfd, 1)
        except OSError:
            return False
        child = os.fork()
        if child == 0:
            theirs.send(b"x")
            os._exit(0)
        os.waitpid(child, 0)
        _, control, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    for level, kind, data in control:
        pidfd = array.array("i", data[:4])[0] if (level, kind) == (socket.SOL_SOCKET, scm_pidfd) else -1
        if pidfd < 0:
            continue
        info = bytearray(struct.pack("Q", cgroup_id | ended).ljust(64, b"\0"))
        try:
            fcntl.ioctl(pidfd, get_info, info)
            return bool(struct.unpack_from("Q", info)[0] & cgroup_id)
        except OSError:
            return False
        finally:
            os.close(pidfd)
    return False
