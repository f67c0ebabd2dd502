# SPDX-License-Identifier: Apache-2.0
"""`update`: new limits become properties of the unit, only what is given changes, and what is wrong changes nothing."""

import glob
import json
import os

from lab import cgroup, process, systemd, test, until

_INFINITY = 2**64 - 1


def _container(t, **resources):
    bundle = t.bundle("sleep", "1000")
    bundle.resources.update(resources)
    return t.detached(bundle)


def _limits(c, *names):
    properties = c.properties()
    return tuple(properties[name] for name in names)


def _without_zeros(value):
    """A bit mask without the empty bytes at its end; anything else as it is."""
    while isinstance(value, list) and value and value[-1] == 0:
        value = value[:-1]
    return value


def _told(c):
    """Every property but what is measured."""
    moving = ("Timestamp", "UsageNSec", "Memory", "Tasks", "Bytes", "Operations", "Packets", "Effective", "Peak")
    kept = ("MemoryMax", "MemoryHigh", "MemoryLow", "MemoryMin", "MemorySwapMax", "TasksMax")
    return {name: sorted(value) if name in ("DeviceAllow", "DropInPaths") else value for name, value in c.properties().items()
            if name in kept or not any(word in name for word in moving)}


def _refused(t, c, *words, containing=(), input=None):
    before = _told(c), cgroup.settings(c.cgroup)
    result = t.call("update", *words, c.id, input=input)
    t.equal(result.status, 1, f"status of update {words}")
    t.one_error(result, *containing)
    t.equal((_told(c), cgroup.settings(c.cgroup)), before, f"the unit after a refused update {words}")


@test(lane="both", peers="")
def every_option_becomes_a_property(t):
    c = _container(t)
    for words, wanted in (
        (("--memory", "64M"), {"MemoryMax": 67108864}),
        (("--memory-reservation", "32MiB"), {"MemoryLow": 33554432}),
        (("--memory-swap", "100663296"), {"MemorySwapMax": 33554432}),
        (("--memory", "1.5G", "--memory-swap", "1.5G"), {"MemoryMax": 1610612736, "MemorySwapMax": 0}),
        (("--memory-swap", "-1"), {"MemoryMax": 1610612736, "MemorySwapMax": _INFINITY}),
        (("--cpu-share", "1024"), {"CPUWeight": 100}),
        (("--cpu-idle", "1"), {"CPUWeight": 0}),
        (("--cpu-idle", "0"), {"CPUWeight": _INFINITY}),
        (("--cpu-quota", "50000"), {"CPUQuotaPerSecUSec": 500000, "CPUQuotaPeriodUSec": _INFINITY}),
        (("--cpu-period", "50000"), {"CPUQuotaPerSecUSec": 1000000, "CPUQuotaPeriodUSec": 50000}),
        (("--cpu-quota", "25000"), {"CPUQuotaPerSecUSec": 500000, "CPUQuotaPeriodUSec": 50000}),
        (("--cpu-quota", "20000", "--cpu-period", "100000"), {"CPUQuotaPerSecUSec": 200000, "CPUQuotaPeriodUSec": 100000}),
        (("--cpu-quota", "-1"), {"CPUQuotaPerSecUSec": _INFINITY}),
        (("--cpuset-cpus", "0", "--cpuset-mems", "0"), {"AllowedCPUs": [1], "AllowedMemoryNodes": [1]}),
        (("--blkio-weight", "10"), {"IOWeight": cgroup.io_weight(10)}),
        (("--pids-limit", "77"), {"TasksMax": 77}),
        (("--pids-limit", "0"), {"TasksMax": 1}),
        (("--pids-limit", "-1"), {"TasksMax": _INFINITY}),
    ):
        t.ok("update", *words, c.id)
        found = c.properties()
        t.equal({name: _without_zeros(found[name]) for name in wanted}, wanted, f"properties after update {words}")


@test(peers="")
def systemd_does_not_take_the_unit_for_changed_on_disk(t):
    c = _container(t)
    t.ok("update", "--memory", "64M", "--pids-limit", "44", "--cpu-quota", "20000", "--cpu-period", "50000", "--cpu-share", "300",
         "--blkio-weight", "20", "--cpuset-cpus", "0", c.id)
    t.equal(c.properties()["NeedDaemonReload"], False, "NeedDaemonReload")


@test(lane="both", peers="")
def memory_without_limit_takes_swap_along(t):
    c = _container(t, memory={"limit": 67108864, "swap": 100663296})
    t.equal(_limits(c, "MemoryMax", "MemorySwapMax"), (67108864, 33554432), "before")
    t.ok("update", "--memory", "-1", c.id)
    t.equal(_limits(c, "MemoryMax", "MemorySwapMax"), (_INFINITY, _INFINITY), "after --memory -1")


@test(lane="both", peers="")
def only_what_is_given_changes(t):
    c = _container(t, memory={"limit": 67108864, "swap": 100663296, "reservation": 33554432}, pids={"limit": 50},
                   cpu={"shares": 512, "quota": 20000, "period": 50000, "cpus": "0"})
    before = _told(c)
    t.ok("update", "--pids-limit", "60", c.id)
    before["TasksMax"] = 60
    after = _told(c)
    for one in (before, after):
        one.pop("DropInPaths")
    t.equal({name: (before.get(name), after.get(name)) for name in set(before) | set(after) if before.get(name) != after.get(name)}, {},
            "properties that --pids-limit changed")
    t.ok("update", "--memory", "128M", c.id)
    t.equal(_limits(c, "MemoryMax", "MemorySwapMax", "MemoryLow"), (134217728, 33554432, 33554432), "after --memory")


@test(lane="both", peers="")
def what_systemctl_has_set_stays(t):
    c = _container(t, pids={"limit": 50}, cpu={"shares": 512})
    t.command("systemctl", "set-property", "--runtime", c.unit, "CPUWeight=333", "MemoryHigh=40M", "CPUQuota=30%")
    t.ok("update", "--pids-limit", "51", c.id)
    t.equal(_limits(c, "CPUWeight", "MemoryHigh", "CPUQuotaPerSecUSec", "TasksMax"), (333, 41943040, 300000, 51), "after an update of pids")
    # A period alone is of the quota that is in force, not of the one that was configured.
    t.ok("update", "--cpu-period", "50000", c.id)
    t.equal(_limits(c, "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec"), (600000, 50000), "after an update of the period")


@test(lane="both", peers="")
def daemon_reload_after_an_update_changes_nothing(t):
    c = _container(t, cpu={"quota": 20000, "period": 50000})
    t.ok("update", "--memory", "64M", "--memory-swap", "96M", "--cpu-share", "300", "--cpu-quota", "33333", "--pids-limit", "44",
         "--cpuset-cpus", "0", c.id)
    before = _told(c), cgroup.settings(c.cgroup)
    t.equal(systemd.control("daemon-reload").returncode, 0, "status of daemon-reload")
    after = _told(c), cgroup.settings(c.cgroup)
    for what, old, new in zip(("property", "cgroup file"), before, after):
        t.equal({name: (old.get(name), new.get(name)) for name in set(old) | set(new) if old.get(name) != new.get(name)}, {},
                f"{what} that a daemon-reload changed")


@test(lane="both", peers="")
def resources_come_from_a_file_or_standard_input(t):
    c = _container(t)
    document = json.dumps({"memory": {"limit": 67108864}, "pids": {"limit": 20}, "cpu": {"shares": 100, "quota": 500000, "period": 1000000},
                           "unified": {"memory.high": "50331648"}, "somethingUnknown": 1})
    for words, given in ((("--resources", "-"), document), (("-r", t.path("limits.json")), None)):
        with open(t.path("limits.json"), "w") as file:
            file.write(document)
        t.ok("update", "--pids-limit", "1", "--memory", "-1", c.id)
        t.ok("update", *words, "--pids-limit", "9", c.id, input=given)
        t.equal(_limits(c, "MemoryMax", "MemoryHigh", "TasksMax", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec"),
                (67108864, 50331648, 20, 500000, 1000000), f"after update {words}")
    t.ok("update", "-r", "-", c.id, input='{"unified": {"cpu.max": "10000"}}')
    t.equal(_limits(c, "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec"), (10000, 1000000), "a unified cpu.max keeps the period")


@test(peers="")
def what_is_wrong_is_named_and_changes_nothing(t):
    c = _container(t, memory={"limit": 67108864}, cpu={"quota": 20000, "period": 50000})
    for words, containing in (
        (("--memory", "64Q"), ("--memory '64Q'", "must be a size")),
        (("--memory", "-2"), ("--memory '-2'",)),
        (("--memory", "99999999999999999999"), ("--memory",)),
        (("--memory-swap", "32M"), ("--memory-swap: is 33554432", "67108864")),
        (("--memory", "-1", "--memory-swap", "64M"), ("--memory-swap: ", "--memory")),
        (("--cpu-quota", "999"), ("--cpu-quota '999'",)),
        (("--cpu-quota", "-2"), ("--cpu-quota '-2'",)),
        (("--cpu-period", "10"), ("--cpu-period '10'",)),
        (("--cpu-period", "x"), ("--cpu-period 'x'",)),
        (("--cpu-burst", "-1"), ("--cpu-burst '-1'",)),
        (("--cpu-burst", "60000", "--cpu-quota", "50000"), ("--cpu-burst: is 60000", "--cpu-quota")),
        (("--cpu-share", "1.5"), ("--cpu-share '1.5'",)),
        (("--cpu-idle", "2"), ("--cpu-idle '2'",)),
        (("--cpuset-cpus", "3-1"), ("--cpuset-cpus: range '3-1' runs backwards",)),
        (("--cpuset-mems", "a"), ("--cpuset-mems: 'a'",)),
        (("--blkio-weight", "5"), ("--blkio-weight '5'",)),
        (("--pids-limit", "many"), ("--pids-limit 'many'",)),
        (("--cpu-rt-period", "1000"), ("--cpu-rt-period '1000'", "real-time")),
        (("--cpu-rt-runtime", "1000"), ("--cpu-rt-runtime '1000'", "real-time")),
        (("--l3-cache-schema", "L3:0=f"), ("--l3-cache-schema", "made without linux.intelRdt")),
        (("--mem-bw-schema", "MB:0=20"), ("--mem-bw-schema", "made without linux.intelRdt")),
        (("--resources", t.path("missing.json")), (f"--resources '{t.path('missing.json')}'", "no such file")),
    ):
        _refused(t, c, *words, containing=containing)
    for document, containing in (
        ("{", ("--resources '-'",)),
        ('{"memory": {"limit": "64M"}}', ("memory.limit: is a string",)),
        ('{"pids": {"limit": 5}, "memory": {"limit": 67108864, "swap": 1}}', ("memory.swap: is 1", "memory.limit")),
        ('{"memory": {"swappiness": 60}}', ("memory.swappiness: does not exist in cgroup v2",)),
        ('{"cpu": {"realtimeRuntime": 1000}}', ("cpu.realtimeRuntime: does not exist in cgroup v2",)),
        ('{"unified": {"memory.max": "lots"}}', ("unified.memory.max: is 'lots'",)),
        ('{"unified": {"cgroup.freeze": "1"}}', ("cgroup.freeze",)),
        ('{"blockIO": {"weight": 5}}', ("blockIO.weight: is 5",)),
    ):
        _refused(t, c, "-r", "-", containing=containing, input=document)


@test(peers="")
def kernel_memory_is_a_warning(t):
    c = _container(t)
    result = t.ok("update", "--kernel-memory", "16M", "--pids-limit", "12", c.id)
    t.contains(result.err, "level=warning", "--kernel-memory", "ignored")
    t.equal(c.properties()["TasksMax"], 12, "TasksMax")


@test(peers="")
def an_idle_group_has_no_weight_and_says_so(t):
    c = _container(t)
    result = t.ok("update", "--cpu-share", "200", "--cpu-idle", "1", c.id)
    t.contains(result.err, "level=warning", "--cpu-share", "unable to apply both")
    t.equal(c.properties()["CPUWeight"], 0, "CPUWeight")
    t.ok("update", "--cpu-share", "200", c.id)
    t.check(c.properties()["CPUWeight"] > 0, "shares did not end idle")
    result = t.ok("update", "-r", "-", c.id, input='{"unified": {"cpu.idle": "1", "cpu.weight": "8"}}')
    t.contains(result.err, "unable to apply both")
    t.equal(c.properties()["CPUWeight"], 0, "CPUWeight")
    t.ok("update", "-r", "-", c.id, input='{"unified": {"cpu.weight": "8"}}')
    t.equal(c.properties()["CPUWeight"], 8, "CPUWeight")


@test(lane="both", peers="")
def a_created_and_a_paused_container_are_updated_a_stopped_one_is_not(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.ok("update", "--pids-limit", "21", c.id)
    t.equal(c.properties()["TasksMax"], 21, "of a created container")
    t.equal(t.state(c.id)["status"], "created", "status")
    t.start(c)
    t.ok("pause", c.id)
    t.ok("update", "--pids-limit", "22", c.id)
    t.equal(c.properties()["TasksMax"], 22, "of a paused container")
    t.equal(t.state(c.id)["status"], "paused", "status")
    t.ok("resume", c.id)
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    result = t.call("update", "--pids-limit", "23", c.id)
    t.equal(result.status, 1, "status of an update of a stopped container")
    t.one_error(result, "container not running")
    result = t.call("update", "--pids-limit", "23", "no-such-container")
    t.equal(result.status, 1, "status of an update of an unknown container")
    t.one_error(result, "container does not exist")


@test(lane="both", peers="")
def devices_are_left_alone(t):
    c = _container(t)
    before = c.properties()["DeviceAllow"], c.properties()["DevicePolicy"]
    t.ok("update", "-r", "-", c.id, input='{"devices": [{"allow": true, "access": "rwm"}], "pids": {"limit": 30}}')
    t.equal((c.properties()["DeviceAllow"], c.properties()["DevicePolicy"]), before, "devices")
    t.equal(c.properties()["TasksMax"], 30, "TasksMax")


@test(peers="")
def an_update_of_nothing_changes_nothing(t):
    c = _container(t, pids={"limit": 50})
    before = _told(c)
    t.ok("update", c.id)
    t.ok("update", "-r", "-", c.id, input="{}")
    t.ok("update", "--memory", "0", "--cpu-quota", "0", "--cpu-period", "0", "--cpu-share", "0", "--blkio-weight", "0", c.id)
    t.equal(_told(c), before, "properties")


@test(peers="")
def nothing_of_it_outlives_the_container(t):
    c = _container(t)
    t.ok("update", "--pids-limit", "21", "--memory", "64M", c.id)
    t.ok("delete", "--force", c.id)
    t.no_unit(c.id)
    for directory in ("/run/systemd/transient", "/run/systemd/system.control", "/etc/systemd/system.control"):
        t.equal(glob.glob(f"{directory}/{c.unit}*"), [], f"what is left in {directory}")


@test(peers="")
def a_unit_of_the_same_name_is_not_updated(t):
    """The container's unit has gone and a stranger's has its name: it must not get the container's limits."""
    c = _container(t)
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.no_unit(c.id)
    t.finally_do(lambda: systemd.control("stop", c.unit))
    t.command("systemd-run", "--quiet", "--scope", f"--unit={c.unit}", "sh", "-c", "sleep 1000 & exit")
    t.equal(t.call("update", "--pids-limit", "21", c.id).status, 1, "status")
    t.check(systemd.properties(c.unit).get("TasksMax") != 21, "a stranger's unit was updated")


# With the controllers: the kernel holds what the unit says.


def _needs(t, *names):
    t.machine_needs(set(names) <= t.machine.controllers, f"needs the controllers {names}")


@test(lane="vm", peers="runc", seconds=60)
def the_kernel_gets_memory_and_pids(t):
    _needs(t, "memory", "pids")
    c = _container(t, memory={"limit": 33554432, "reservation": 25165824}, pids={"limit": 20})
    t.ok("update", "--memory", "64M", "--memory-reservation", "33554432", "--pids-limit", "10", c.id)
    t.equal(tuple(cgroup.read(c.cgroup, name) for name in ("memory.max", "memory.low", "pids.max")), ("67108864", "33554432", "10"), "files")
    t.ok("update", "--memory", "50M", "--memory-swap", "96468992", c.id)
    if cgroup.read(c.cgroup, "memory.swap.max") is not None:
        t.equal(cgroup.read(c.cgroup, "memory.swap.max"), str(96468992 - 52428800), "memory.swap.max")
    t.ok("update", "--memory", "-1", "--pids-limit", "-1", c.id)
    t.equal(tuple(cgroup.read(c.cgroup, name) for name in ("memory.max", "pids.max")), ("max", "max"), "files without limits")
    t.check(cgroup.read(c.cgroup, "memory.swap.max") in ("max", None), "swap was not lifted with memory")


@test(lane="vm", peers="", seconds=60)
def the_kernel_gets_the_cpu_limits(t):
    _needs(t, "cpu", "cpuset")
    c = _container(t, cpu={"shares": 1024, "quota": 50000, "period": 100000})
    t.ok("update", "--cpu-period", "50000", c.id)
    t.equal(cgroup.read(c.cgroup, "cpu.max"), "50000 50000", "cpu.max after a new period")
    t.ok("update", "--cpu-quota", "20000", "--cpuset-cpus", "0", "--cpuset-mems", "0", c.id)
    t.equal(cgroup.read(c.cgroup, "cpu.max"), "20000 50000", "cpu.max after a new quota")
    t.check(until(lambda: process.status(c.pid).get("Cpus_allowed_list") == "0"), "cpuset.cpus does not bind")
    t.ok("update", "--cpu-idle", "1", c.id)
    t.equal(cgroup.read(c.cgroup, "cpu.idle"), "1", "cpu.idle")
    t.ok("update", "--cpu-quota", "-1", c.id)
    t.equal((cgroup.read(c.cgroup, "cpu.idle"), cgroup.read(c.cgroup, "cpu.max").split()[0]), ("1", "max"), "cpu.idle and cpu.max")
    t.ok("update", "--cpu-idle", "0", c.id)
    t.equal((cgroup.read(c.cgroup, "cpu.idle"), cgroup.read(c.cgroup, "cpu.weight")), ("0", "100"), "cpu.idle and cpu.weight")


@test(lane="vm", peers="", seconds=60)
def burst_and_quota_hold_each_other(t):
    _needs(t, "cpu")
    c = _container(t, cpu={"quota": 20000, "period": 100000})
    # The burst is above the quota in force and fits the new one.
    t.ok("update", "--cpu-quota", "60000", "--cpu-burst", "50000", c.id)
    t.equal((cgroup.read(c.cgroup, "cpu.max"), cgroup.read(c.cgroup, "cpu.max.burst")), ("60000 100000", "50000"), "quota and burst")
    _refused(t, c, "--cpu-quota", "40000", containing=("--cpu-quota: is 40000", "burst in force, 50000"))
    t.ok("update", "--cpu-share", "300", c.id)
    t.equal(cgroup.read(c.cgroup, "cpu.max.burst"), "50000", "the burst after an update of the share")
    t.ok("update", "--cpu-quota", "40000", "--cpu-burst", "0", c.id)
    t.equal((cgroup.read(c.cgroup, "cpu.max"), cgroup.read(c.cgroup, "cpu.max.burst")), ("40000 100000", "0"), "quota and burst")
    _refused(t, c, "--cpu-burst", "50000", containing=("cpu.max.burst",))


@test(lane="vm", peers="runc", seconds=60)
def check_before_update_refuses_less_than_is_used(t):
    _needs(t, "memory")
    c = _container(t, memory={"limit": 33554432})
    t.check(until(lambda: int(cgroup.read(c.cgroup, "memory.current")) > 4096), "the container uses no memory")
    for document, words in (({"limit": 1024, "checkBeforeUpdate": True}, "rejecting memory limit"),
                            ({"limit": 1024, "swap": 2048, "checkBeforeUpdate": True}, "rejecting memory+swap limit")):
        result = t.call("update", "-r", "-", c.id, input=json.dumps({"memory": document}))
        t.equal(result.status, 1, "status")
        t.one_error(result, words)
        t.equal(cgroup.read(c.cgroup, "memory.max"), "33554432", "memory.max")
    t.equal(t.state(c.id)["status"], "running", "status")
    t.call("update", "--memory", "4096", c.id)
    t.check(until(lambda: t.state(c.id)["status"] in ("running", "stopped")), "no state after a limit that kills")


@test(lane="vm", peers="", seconds=60)
def throttles_of_one_device_leave_the_others(t):
    _needs(t, "io")
    names = [name for name in sorted(os.listdir("/sys/block")) if name.startswith(("vd", "sd", "nvme"))]
    t.machine_needs(names, "needs a block device")
    with open(f"/sys/block/{names[0]}/dev") as file:
        major, minor = map(int, file.read().split(":"))
    c = _container(t, blockIO={"throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": 485760}]})
    t.ok("update", "-r", "-", c.id, input=json.dumps({"blockIO": {
        "throttleWriteBpsDevice": [{"major": major, "minor": minor, "rate": 9437184}],
        "throttleReadIOPSDevice": [{"major": major, "minor": minor, "rate": 1000}]}}))
    t.contains(cgroup.read(c.cgroup, "io.max"), f"{major}:{minor} rbps=485760 wbps=9437184 riops=1000 wiops=max")


@test(lane="vm", peers="", seconds=60)
def what_has_no_property_is_written_to_the_units_files(t):
    _needs(t, "hugetlb")
    c = _container(t)
    t.ok("update", "-r", "-", c.id, input='{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}')
    t.equal(cgroup.read(c.cgroup, "hugetlb.2MB.max"), "4194304", "hugetlb.2MB.max")
    _refused(t, c, "-r", "-", containing=("hugetlb.2MB.max",), input='{"unified": {"hugetlb.2MB.max": "lots"}, "pids": {"limit": 5}}')
