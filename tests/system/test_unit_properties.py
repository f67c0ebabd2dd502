# SPDX-License-Identifier: Apache-2.0
"""Every limit is a property of the container's unit, as systemd itself reports it. These tests need
no controllers: systemd keeps the properties also where the kernel cannot enforce them."""

import os

from lab import cgroup, systemd, test

_NO_LIMIT = 2**64 - 1


def _resources(t, **resources):
    bundle = t.bundle("sleep", "1000")
    bundle.resources.update(resources)
    return t.created(bundle).properties()


def _bits(mask):
    """A bit mask without the zero bytes at its end, which mean nothing."""
    return list(bytes(mask).rstrip(b"\0"))


@test(lane="both", peers="")
def the_scope_carries_what_every_container_needs(t):
    c = t.created(t.bundle("sleep", "1000"))
    found = c.properties()
    t.equal(c.unit, f"unitc-{c.id}.scope", "unit name")
    for name, wanted in (("Id", c.unit), ("ActiveState", "active"), ("SubState", "running"), ("Slice", "system.slice"),
                         ("Delegate", True), ("CollectMode", "inactive-or-failed"), ("DefaultDependencies", False),
                         ("Transient", True), ("NeedDaemonReload", False), ("DevicePolicy", "strict"),
                         ("ControlGroup", f"/system.slice/{c.unit}")):
        t.equal(found.get(name), wanted, name)
    t.check(c.id in found["Description"], f"Description {found['Description']!r} does not name the container")


@test(peers="")
def the_unit_has_no_ordering_that_default_dependencies_bring(t):
    found = t.created(t.bundle("sleep", "1000")).properties()
    t.check("shutdown.target" not in found["Conflicts"], f"Conflicts {found['Conflicts']}")


@test(peers="")
def one_job_starts_the_unit(t):
    first = t.created(t.bundle("sleep", "1000")).properties()
    t.equal(first["Job"], [0, "/"], "pending job")
    t.check(first["ActiveEnterTimestampMonotonic"] > 0, "the unit was never entered")


@test(lane="both", peers="")
def memory_limit_and_reservation(t):
    found = _resources(t, memory={"limit": 536870912, "reservation": 268435456})
    t.equal((found["MemoryMax"], found["MemoryLow"]), (536870912, 268435456), "MemoryMax and MemoryLow")


@test(lane="both", peers="")
def memory_swap_is_sent_without_the_memory(t):
    for swap, wanted in ((805306368, 268435456), (536870912, 0), (-1, _NO_LIMIT)):
        found = _resources(t, memory={"limit": 536870912, "swap": swap})
        t.equal((found["MemoryMax"], found["MemorySwapMax"]), (536870912, wanted), f"MemoryMax, MemorySwapMax for swap {swap}")


@test(peers="")
def unlimited_memory(t):
    found = _resources(t, memory={"limit": -1, "swap": -1})
    t.equal((found["MemoryMax"], found["MemorySwapMax"]), (_NO_LIMIT, _NO_LIMIT), "MemoryMax and MemorySwapMax")


@test(peers="")
def a_limit_beyond_53_bits_stays_exact(t):
    found = _resources(t, memory={"limit": 9223372036854771713})
    t.equal(found["MemoryMax"], 9223372036854771713, "MemoryMax")


@test(lane="both", peers="")
def cpu_shares_become_a_weight_by_the_current_formula(t):
    for shares, weight in ((2, 1), (10, 4), (128, 21), (512, 59), (1024, 100), (2048, 174), (10000, 627), (262144, 10000)):
        t.equal(_resources(t, cpu={"shares": shares})["CPUWeight"], weight, f"CPUWeight for {shares} shares")


@test(lane="both", peers="")
def cpu_quota_and_period(t):
    for cpu, per_second, period in (({"quota": 50000, "period": 100000}, 500000, 100000),
                                    ({"quota": 200000, "period": 100000}, 2000000, 100000),
                                    ({"quota": 10000, "period": 20000}, 500000, 20000),
                                    ({"quota": 30000}, 300000, None)):
        found = _resources(t, cpu=cpu)
        t.equal(found["CPUQuotaPerSecUSec"], per_second, f"CPUQuotaPerSecUSec for {cpu}")
        if period:
            t.equal(found["CPUQuotaPeriodUSec"], period, f"CPUQuotaPeriodUSec for {cpu}")


@test(peers="")
def cpu_without_a_quota_is_unlimited(t):
    t.equal(_resources(t, cpu={"quota": -1, "period": 100000})["CPUQuotaPerSecUSec"], _NO_LIMIT, "CPUQuotaPerSecUSec")


@test(peers="")
def cpu_idle_is_weight_zero(t):
    t.equal(_resources(t, cpu={"idle": 1})["CPUWeight"], 0, "CPUWeight")


@test(lane="both", peers="")
def cpusets_are_bit_masks(t):
    found = _resources(t, cpu={"cpus": "0-1", "mems": "0"})
    t.equal((_bits(found["AllowedCPUs"]), _bits(found["AllowedMemoryNodes"])), ([3], [1]), "AllowedCPUs and AllowedMemoryNodes")


@test(peers="")
def cpuset_beyond_one_byte(t):
    # A list may name CPUs that the machine lacks; systemd keeps what it is told.
    wanted = [0b00000101, 0b00000010]
    t.equal(_resources(t, cpu={"cpus": "0,2,9"})["AllowedCPUs"][:2], wanted, "AllowedCPUs")


@test(lane="both", peers="")
def pids_limit(t):
    for limit, wanted in ((100, 100), (0, 1), (-1, _NO_LIMIT)):
        t.equal(_resources(t, pids={"limit": limit})["TasksMax"], wanted, f"TasksMax for {limit}")


@test(lane="both", peers="")
def io_weights_and_throttles(t):
    # 7:0 is the first loop device, 8:0 the first disk; systemd takes them by number.
    found = _resources(t, blockIO={"weight": 500})
    t.equal(found["IOWeight"], cgroup.io_weight(500), "IOWeight")


@test(peers="")
def io_throttles_name_their_device_by_number(t):
    device = next((d for d in sorted(os.listdir("/sys/dev/block")) if d.startswith(("254:", "253:", "8:", "7:"))), None)
    t.machine_needs(device, "no block device to throttle")
    major, minor = map(int, device.split(":"))
    bundle = t.bundle("sleep", "1000")
    bundle.resources["blockIO"] = {
        name: [{"major": major, "minor": minor, "rate": rate}]
        for name, rate in (("throttleReadBpsDevice", 1048576), ("throttleWriteBpsDevice", 2097152),
                           ("throttleReadIOPSDevice", 300), ("throttleWriteIOPSDevice", 400))}
    found = t.created(bundle).properties()
    for name, rate in (("IOReadBandwidthMax", 1048576), ("IOWriteBandwidthMax", 2097152), ("IOReadIOPSMax", 300),
                       ("IOWriteIOPSMax", 400)):
        t.equal([entry[1] for entry in found[name]], [rate], name)
        t.check(found[name][0][0].endswith(device) or device in os.path.realpath(found[name][0][0]), f"{name} names {found[name]}")


@test(lane="both", peers="")
def unified_keys_with_a_property_become_that_property(t):
    found = _resources(t, unified={"memory.max": "400000000", "memory.high": "300000000", "memory.min": "4096",
                                   "memory.low": "8192", "memory.swap.max": "0", "pids.max": "77", "cpu.weight": "250",
                                   "cpu.max": "25000 50000", "cpuset.cpus": "0"})
    for name, wanted in (("MemoryMax", 400000000 // 4096 * 4096), ("MemoryHigh", 300000000 // 4096 * 4096), ("MemoryMin", 4096),
                         ("MemoryLow", 8192), ("MemorySwapMax", 0), ("TasksMax", 77), ("CPUWeight", 250),
                         ("CPUQuotaPerSecUSec", 500000), ("CPUQuotaPeriodUSec", 50000), ("AllowedCPUs", [1])):
        found_value = found[name]
        if name in ("MemoryMax", "MemoryHigh"):
            found_value = found_value // 4096 * 4096
        if name == "AllowedCPUs":
            found_value = _bits(found_value)
        t.equal(found_value, wanted, name)


@test(peers="")
def unified_max_is_no_limit(t):
    found = _resources(t, unified={"memory.max": "max", "pids.max": "max", "cpu.max": "max 100000", "memory.swap.max": "max"})
    for name in ("MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", "MemorySwapMax"):
        t.equal(found[name], _NO_LIMIT, name)


@test(peers="")
def unified_oom_group_is_an_oom_policy(t):
    t.machine_needs(t.machine.systemd >= 253, "OOMPolicy= on scopes needs systemd 253")
    t.equal(_resources(t, unified={"memory.oom.group": "1"})["OOMPolicy"], "kill", "OOMPolicy")


@test(peers="runc")
def device_rules_become_device_allow(t):
    bundle = t.bundle("sleep", "1000")
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
                                   {"allow": True, "type": "b", "major": 7, "minor": 0, "access": "r"}]
    found = t.created(bundle).properties()
    t.equal(found["DevicePolicy"], "strict", "DevicePolicy")
    allowed = {tuple(entry) for entry in found["DeviceAllow"]}
    t.check(("/dev/char/10:229", "rw") in allowed, f"char 10:229 rw not in {sorted(allowed)}")
    t.check(("/dev/block/7:0", "r") in allowed, f"block 7:0 r not in {sorted(allowed)}")


@test(peers="")
def the_default_devices_are_always_allowed(t):
    found = t.created(t.bundle("sleep", "1000")).properties()
    allowed = {entry[0]: entry[1] for entry in found["DeviceAllow"]}
    for device in ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:2"):
        t.equal(set(allowed.get(f"/dev/char/{device}", "")) >= set("rw"), True, f"read and write of char {device} in {allowed}")
    t.check({"char-pts", "char-136", "/dev/char/136:0"} & set(allowed), f"no rule for pseudo terminals in {allowed}")


@test(peers="")
def allow_all_devices_is_policy_auto(t):
    found = _resources(t, devices=[{"allow": True, "access": "rwm"}])
    t.equal((found["DevicePolicy"], found["DeviceAllow"]), ("auto", []), "DevicePolicy and DeviceAllow")


@test(peers="")
def no_device_rules_at_all_still_deny(t):
    for edit in (lambda r: r.pop("devices"), lambda r: r.__setitem__("devices", [])):
        bundle = t.bundle("sleep", "1000")
        edit(bundle.resources)
        t.equal(t.created(bundle).properties()["DevicePolicy"], "strict", "DevicePolicy")


@test(peers="")
def annotations_set_the_properties_of_the_white_list(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.TimeoutStopUSec", "uint64 7000000")
    bundle.annotate("org.systemd.property.KillSignal", "10").annotate("org.systemd.property.CollectMode", "'inactive'")
    found = t.created(bundle).properties()
    t.equal((found["TimeoutStopUSec"], found["KillSignal"], found["CollectMode"]), (7000000, 10, "inactive"), "properties")


@test(peers="")
def systemd_oomd_is_told_by_annotations(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.ManagedOOMPreference", "'omit'")
    bundle.annotate("org.systemd.property.ManagedOOMMemoryPressure", "'kill'")
    bundle.annotate("org.systemd.property.ManagedOOMMemoryPressureLimit", "uint32 2147483648")
    c = t.detached(bundle)
    for moment in ("at first", "after a reload"):
        found = c.properties()
        told = tuple(found["ManagedOOM" + name] for name in ("Preference", "MemoryPressure", "MemoryPressureLimit"))
        t.equal(told, ("omit", "kill", 2147483648), f"properties {moment}")
        # What systemd-oomd itself looks at.
        t.equal(os.getxattr(c.cgroup, "user.oomd_omit"), b"1", f"mark of the cgroup {moment}")
        systemd.control("daemon-reload")


@test(peers="runc")
def annotations_in_seconds_become_microseconds(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.TimeoutStopSec", "uint64 5")
    t.equal(t.created(bundle).properties()["TimeoutStopUSec"], 5000000, "TimeoutStopUSec")


@test(peers="")
def dangerous_and_malformed_annotations_are_refused(t):
    bad = {"ExecStartPre": "'/bin/true'", "Slice": "'evil.slice'", "Delegate": "false", "DevicePolicy": "'auto'",
           "PIDs": "[uint32 1]", "User": "'root'", "NoSuchProperty": "true", "AB": "true",
           "Kill Mode": "'none'", "KillMode": "", "TimeoutStopUSec": "uint64", "KillSignal": "uint64 99999999999999999999",
           "CollectMode": "'unterminated", "Description": "'" + "x" * 100000 + "'", "TimeoutStopSec": "'soon'"}
    for name, value in bad.items():
        bundle = t.bundle("true").annotate("org.systemd.property." + name, value)
        t.fails(bundle, words=("org.systemd.property." + name,))


@test(peers="")
def an_annotation_cannot_contradict_a_limit_of_the_config(t):
    """CVE-2023-6476: a limit must not be lifted by whoever may only set annotations."""
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.MemoryMax", "uint64 18446744073709551615")
    bundle.resources["memory"] = {"limit": 67108864}
    c = t.created(bundle)
    t.equal(c.properties()["MemoryMax"], 67108864, "MemoryMax")
    t.contains(c.result.err, "level=warning", "org.systemd.property.MemoryMax")


@test(peers="")
def a_refused_property_leaves_nothing(t):
    # systemd itself refuses this type; the error must name the property and nothing may stay.
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.KillSignal", "'TERM'")
    t.fails(bundle, words=("KillSignal",), verb="create")


@test(lane="both", peers="")
def nothing_that_has_a_property_was_written_behind_systemds_back(t):
    bundle = t.bundle("sleep", "1000")
    bundle.resources.update(memory={"limit": 268435456, "swap": 268435456, "reservation": 134217728},
                            cpu={"shares": 512, "quota": 20000, "period": 50000}, pids={"limit": 55})
    c = t.created(bundle)
    before = cgroup.settings(c.cgroup)
    systemd.control("daemon-reload")
    t.equal(cgroup.settings(c.cgroup), before, "the cgroup's files after a daemon-reload")


@test(peers="")
def plan_prints_the_properties_that_the_unit_gets(t):
    bundle = t.bundle("sleep", "1000")
    bundle.resources["memory"] = {"limit": 536870912}
    bundle.resources["pids"] = {"limit": 100}
    text = t.plan(bundle).out
    t.contains(text, "MemoryMax t 536870912", "TasksMax t 100", "Delegate b true")
    t.check(not systemd.units("unitc-example*"), "plan made a unit")
