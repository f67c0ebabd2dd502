# SPDX-License-Identifier: Apache-2.0
"""With controllers: each limit is in the kernel's files, equals systemd's property, and bites."""

import os
import subprocess

from lab import cgroup, process, systemd, test, until


def _limited(t, *args, **resources):
    bundle = t.bundle(*(args or ("sleep", "1000")))
    bundle.resources.update(resources)
    return t.created(bundle)


def _needs(t, *names):
    t.machine_needs(set(names) <= t.machine.controllers, f"needs the controllers {names}")


@test(lane="vm", peers="runc", seconds=40)
def memory(t):
    _needs(t, "memory")
    c = _limited(t, memory={"limit": 67108864, "reservation": 33554432})
    t.equal((cgroup.read(c.cgroup, "memory.max"), cgroup.read(c.cgroup, "memory.low")), ("67108864", "33554432"), "memory.max, low")


@test(lane="vm", peers="", seconds=40)
def memory_swap(t):
    _needs(t, "memory")
    for swap, wanted in ((67108864, "0"), (100663296, "33554432"), (-1, "max")):
        c = _limited(t, memory={"limit": 67108864, "swap": swap})
        t.equal(cgroup.read(c.cgroup, "memory.swap.max"), wanted, f"memory.swap.max for swap {swap}")
        t.equal(systemd.control("daemon-reload").returncode, 0, "daemon-reload")
        t.equal(cgroup.read(c.cgroup, "memory.swap.max"), wanted, f"memory.swap.max for swap {swap} after a daemon-reload")


@test(lane="vm", seconds=60)
def a_container_beyond_its_memory_is_killed(t):
    _needs(t, "memory")
    bundle = t.bundle(shell="head -c 64m /dev/zero | tail -c 64m >/dev/null; echo survived $?")
    bundle.resources["memory"] = {"limit": 16777216, "swap": 16777216}
    result = t.run(bundle, status=None)
    t.check("survived 0" not in result.out, f"64 MiB fit into 16: {result.out}")


@test(lane="vm", peers="", seconds=40)
def a_memory_limit_below_what_the_init_needs_is_named(t):
    _needs(t, "memory")
    bundle = t.bundle("true")
    bundle.resources["memory"] = {"limit": 4096}
    result = t.run(bundle, status=None)
    t.check(result.status == 0 or "memory" in result.err, f"status {result.status}, {result.err}")


@test(lane="vm", peers="runc", seconds=40)
def cpu(t):
    _needs(t, "cpu")
    c = _limited(t, cpu={"quota": 20000, "period": 50000, "shares": 1024})
    t.equal(cgroup.read(c.cgroup, "cpu.max"), "20000 50000", "cpu.max")
    if t.rt.is_unitc:
        t.equal(cgroup.read(c.cgroup, "cpu.weight"), "100", "cpu.weight")


@test(lane="vm", peers="", seconds=40)
def cpu_idle_and_burst(t):
    _needs(t, "cpu")
    c = _limited(t, cpu={"idle": 1})
    t.equal(cgroup.read(c.cgroup, "cpu.idle"), "1", "cpu.idle")
    c = _limited(t, cpu={"quota": 50000, "period": 100000, "burst": 20000})
    t.equal(cgroup.read(c.cgroup, "cpu.max.burst"), "20000", "cpu.max.burst")
    systemd.control("daemon-reload")
    t.equal(cgroup.read(c.cgroup, "cpu.max.burst"), "20000", "cpu.max.burst after a daemon-reload")


@test(lane="vm", peers="runc", seconds=40)
def cpuset(t):
    _needs(t, "cpuset")
    c = _limited(t, cpu={"cpus": "0", "mems": "0"})
    t.equal((cgroup.read(c.cgroup, "cpuset.cpus"), cgroup.read(c.cgroup, "cpuset.mems")), ("0", "0"), "cpuset.cpus and mems")
    t.start(c)
    t.check(until(lambda: process.status(c.pid).get("Cpus_allowed_list") == "0"), f"allowed {process.status(c.pid)['Cpus_allowed_list']}")


@test(lane="vm", seconds=40)
def pids(t):
    _needs(t, "pids")
    c = _limited(t, pids={"limit": 5})
    t.equal(cgroup.read(c.cgroup, "pids.max"), "5", "pids.max")
    bundle = t.bundle(shell="for i in 1 2 3 4 5 6 7 8; do sleep 30 & done; wait")
    bundle.resources["pids"] = {"limit": 5}
    t.contains(t.run(bundle, status=None).err, "Resource temporarily unavailable")


@test(lane="vm", peers="", seconds=40)
def io_weight_and_throttle(t):
    _needs(t, "io")
    device = os.stat("/").st_dev
    major, minor = os.major(device), os.minor(device)
    c = _limited(t, blockIO={"weight": 500, "throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": 1048576}]})
    t.matches(cgroup.read(c.cgroup, "io.max") or "", rf"{major}:{minor // 16 * 16 if major in (8,) else minor} .*rbps=1048576", "io.max")


@test(lane="vm", peers="", seconds=40)
def io_weight_of_bfq(t):
    _needs(t, "io")
    t.machine_needs(subprocess.run(["modprobe", "bfq"], check=False).returncode == 0, "needs the scheduler bfq")
    c = _limited(t, blockIO={"weight": 750})
    t.equal(cgroup.read(c.cgroup, "io.bfq.weight"), "default 750", "io.bfq.weight")
    t.ok("update", "--blkio-weight", "20", c.id)
    t.equal(cgroup.read(c.cgroup, "io.bfq.weight"), "default 20", "io.bfq.weight after update")


@test(lane="vm", peers="", seconds=40)
def hugetlb_is_written_to_the_units_own_cgroup(t):
    _needs(t, "hugetlb")
    c = _limited(t, hugepageLimits=[{"pageSize": "2MB", "limit": 4194304}])
    t.equal(cgroup.read(c.cgroup, "hugetlb.2MB.max"), "4194304", "hugetlb.2MB.max")
    systemd.control("daemon-reload")
    t.equal(cgroup.read(c.cgroup, "hugetlb.2MB.max"), "4194304", "hugetlb.2MB.max after a daemon-reload")


@test(lane="vm", peers="", seconds=60)
def unified(t):
    _needs(t, "memory", "pids", "cpu")
    c = _limited(t, unified={"memory.high": "50331648", "memory.oom.group": "1", "pids.max": "44", "cpu.weight": "333"})
    for name, wanted in (("memory.high", "50331648"), ("memory.oom.group", "1"), ("pids.max", "44"), ("cpu.weight", "333")):
        t.equal(cgroup.read(c.cgroup, name), wanted, name)


@test(lane="vm", peers="", seconds=60)
def the_limits_hold_before_the_first_instruction(t):
    """The program itself reads what limits it; it cannot have run without them."""
    _needs(t, "memory", "pids")
    bundle = t.bundle("cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/pids.max")
    bundle.resources.update(memory={"limit": 67108864}, pids={"limit": 12})
    t.equal(t.run(bundle).out, "67108864\n12\n", "what the container reads")


@test(lane="vm", peers="", seconds=40)
def the_container_may_make_sub_cgroups_where_it_may_write(t):
    bundle = t.bundle(shell="mkdir /sys/fs/cgroup/sub && echo 1 > /sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup")
    mount = bundle.find_mount("/sys/fs/cgroup")
    mount["options"] = [option for option in mount["options"] if option != "ro"]
    t.check("/sub" in t.run(bundle).out, "the container could not move itself")
