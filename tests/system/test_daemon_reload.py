# SPDX-License-Identifier: Apache-2.0
"""systemd re-applies what it knows on a reload: nothing may change, because it knows everything."""

import os
import subprocess

from lab import cgroup, systemd, test

# What systemd measures or stamps rather than what it was told.
_MOVING = ("Timestamp", "CPUUsage", "Memory", "Tasks", "IORead", "IOWrite", "IPIngress", "IPEgress", "Effective", "InvocationID",
           "ControlGroupId", "StateChange", "OOMKills", "Peak", "Current", "Available", "NSec", "Job", "FreezerState")


# systemd reads its own lists of these back in another order, which means the same.
_SETS = ("DeviceAllow", "After", "Before", "Requires", "Wants", "Conflicts")
# Of a command, what it is. What follows is when it ran and what came of it, which a reload forgets.
_WORDS_OF_COMMAND = 3


def _meaning(name, value):
    if name.startswith("Exec") and isinstance(value, list):
        return [command[:_WORDS_OF_COMMAND] for command in value]
    return sorted(value) if name in _SETS else value


def _told(unit):
    kept = ("MemoryMax", "MemoryHigh", "MemoryLow", "MemoryMin", "MemorySwapMax", "MemoryZSwapMax", "TasksMax")
    return {name: _meaning(name, value) for name, value in systemd.properties(unit).items()
            if name in kept or not any(word in name for word in _MOVING)}


def _attached(control_group):
    """BPF programs attached to a cgroup, as bpftool or, without it, the kernel's count by query would list them."""
    tool = next((path for path in ("/usr/sbin/bpftool", "/usr/bin/bpftool") if os.path.exists(path)), None)
    if tool is None:
        return None
    lines = subprocess.run([tool, "cgroup", "show", cgroup.path(control_group)], capture_output=True, text=True).stdout.splitlines()
    return [line.split()[1:] for line in lines[1:]]


def _limited(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.TimeoutStopUSec", "uint64 4000000")
    bundle.resources.update(
        memory={"limit": 268435456, "swap": 268435456, "reservation": 134217728}, pids={"limit": 50},
        cpu={"shares": 512, "quota": 20000, "period": 50000, "cpus": "0", "mems": "0"}, blockIO={"weight": 300})
    bundle.resources["devices"] += [{"allow": True, "type": "c", "major": 10, "minor": 200, "access": "rwm"}]
    return bundle


def _unchanged_after(t, verb, unit):
    group = systemd.properties(unit)["ControlGroup"]
    before = _told(unit), cgroup.settings(cgroup.path(group)), _attached(group)
    t.check(before[0] and before[1], "nothing to compare")
    t.equal(systemd.control(verb).returncode, 0, f"status of {verb}")
    after = _told(unit), cgroup.settings(cgroup.path(group)), _attached(group)
    for what, old, new in zip(("property", "cgroup file"), before, after):
        changed = {name: (old.get(name), new.get(name)) for name in set(old) | set(new) if old.get(name) != new.get(name)}
        t.equal(changed, {}, f"{what} that changed with {verb}")
    t.equal(after[2] is None or len(after[2]) == len(before[2]), True, f"BPF programs {before[2]} -> {after[2]}")


def _scope_is_unchanged_after(t, verb):
    c = t.created(_limited(t))
    _unchanged_after(t, verb, c.unit)
    t.start(c)
    t.equal(t.state(c.id)["status"], "running", "state")


@test(lane="both", peers="")
def daemon_reload_changes_nothing(t):
    _scope_is_unchanged_after(t, "daemon-reload")


@test(lane="both", peers="", seconds=60)
def daemon_reexec_changes_nothing(t):
    _scope_is_unchanged_after(t, "daemon-reexec")


@test(lane="both", peers="", seconds=120)
def nor_do_they_of_a_service(t):
    c = t.detached(_limited(t), "--unit=service")
    for verb in ("daemon-reload", "daemon-reexec"):
        _unchanged_after(t, verb, f"unitc-{c.id}.service")
        t.equal(t.state(c.id)["status"], "running", f"state after {verb}")


@test(peers="")
def a_property_set_from_outside_survives_our_verbs(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.equal(systemd.control("set-property", "--runtime", c.unit, "TasksMax=33").returncode, 0, "set-property")
    t.start(c)
    t.ok("kill", c.id, "0")
    t.equal(c.properties()["TasksMax"], 33, "TasksMax")


@test(peers="")
def a_reload_between_create_and_start_is_harmless(t):
    c = t.created(t.bundle("echo", "fine"))
    systemd.control("daemon-reload")
    t.start(c)
    c.wait_for_output("fine")
