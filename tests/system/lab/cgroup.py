# SPDX-License-Identifier: Apache-2.0
"""Readers for the cgroup2 tree that systemd made."""

import os

ROOT = "/sys/fs/cgroup"


def path(control_group):
    return ROOT + control_group


def read(directory, name):
    """A file's text without its last line end; None when it does not exist."""
    try:
        with open(os.path.join(directory, name)) as file:
            return file.read().rstrip("\n")
    except FileNotFoundError:
        return None


def of_process(pid):
    with open(f"/proc/{pid}/cgroup") as file:
        return next(line.rstrip("\n")[3:] for line in file if line.startswith("0::"))


def processes(directory):
    return [int(word) for word in (read(directory, "cgroup.procs") or "").split()]


def controllers():
    return set((read(ROOT, "cgroup.controllers") or "").split())


def has_bfq():
    """A disk may have the scheduler bfq, whose groups have weights of their own."""
    return any("bfq" in (read(f"/sys/block/{disk}/queue", "scheduler") or "") for disk in os.listdir("/sys/block"))


def io_weight(blkio):
    """The IOWeight of a blkio weight: even, or the one of which systemd makes this io.bfq.weight."""
    if has_bfq():
        return blkio if blkio <= 100 else 100 + (blkio - 100) * 11
    return 1 + (blkio - 10) * 9999 // 990


def directories():
    return {walked[0] for walked in os.walk(ROOT)}


# Counters and events; everything else in a cgroup directory is a setting.
_COUNTERS = ("stat", "events", "current", "peak", "pressure", "usage", "procs", "threads", "local", "numa_stat", "failcnt",
             "effective", "controllers", "kill", "reclaim")


def settings(directory):
    """{file: text} of all files that hold a setting."""
    found = {}
    for name in sorted(os.listdir(directory)):
        full = os.path.join(directory, name)
        if not os.path.isfile(full) or any(word in name.split(".", 1)[-1] for word in _COUNTERS):
            continue
        try:
            with open(full) as file:
                found[name] = file.read()
        except OSError as error:  # write-only or not supported here
            found[name] = error.strerror
    return found
