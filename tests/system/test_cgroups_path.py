# SPDX-License-Identifier: Apache-2.0
"""`linux.cgroupsPath` in all its spellings, and hostile ones that must never reach systemd."""

import os

from lab import cgroup, process, systemd, test, until


# The init of a pid namespace ignores SIGTERM, so systemd waits this long before it kills.
_STOPS_QUICKLY = ("org.systemd.property.TimeoutStopUSec", "uint64 200000")


def _created(t, path, identity=None):
    bundle = t.bundle("sleep", "1000")
    bundle.linux["cgroupsPath"] = path
    return t.created(bundle, identity=identity)


def _where(t, c):
    """The unit that holds the container's init, found from the init itself."""
    group = cgroup.of_process(c.pid)
    return group, group.rsplit("/", 1)[1]


@test(lane="both", peers="")
def slice_prefix_name(t):
    identity = t.id()
    c = _created(t, f"machine.slice:lab:{identity}", identity)
    group, unit = _where(t, c)
    t.equal((group, unit), (f"/machine.slice/lab-{identity}.scope", f"lab-{identity}.scope"), "cgroup and unit")
    t.equal(systemd.properties(unit)["Slice"], "machine.slice", "Slice")


@test(peers="")
def an_empty_slice_means_system_slice(t):
    identity = t.id()
    t.equal(_where(t, _created(t, f":lab:{identity}", identity))[0], f"/system.slice/lab-{identity}.scope", "cgroup")


@test(peers="")
def an_empty_prefix_gives_the_name_alone_or_with_a_dash(t):
    identity = t.id()
    t.equal(_where(t, _created(t, f"system.slice::{identity}", identity))[1], f"-{identity}.scope", "unit")


@test(peers="")
def nested_slices_become_nested_cgroups(t):
    identity = t.id()
    c = _created(t, f"one-two-three.slice:lab:{identity}", identity)
    t.equal(_where(t, c)[0], f"/one.slice/one-two.slice/one-two-three.slice/lab-{identity}.scope", "cgroup")
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: not any("one-two" in path and ".scope" in path for path in cgroup.directories())), "scope left")


@test(lane="both", peers="")
def unset_gives_a_scope_in_system_slice(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.equal(_where(t, c)[0], f"/system.slice/unitc-{c.id}.scope", "cgroup")


@test(peers="")
def a_plain_path_becomes_slices_and_a_scope(t):
    """Engines that are configured for cgroupfs give /docker/<id> or /libpod_parent/libpod-<id>."""
    for pattern in ("/docker/{}", "docker/{}", "/libpod_parent/libpod-{}", "/a/b/c/{}", "/{}"):
        identity = t.id()
        c = _created(t, pattern.format(identity), identity)
        group, unit = _where(t, c)
        t.check(unit.endswith(".scope") and identity in unit, f"{pattern}: the unit is {unit}")
        t.check(all(part.endswith(".slice") for part in group.strip("/").split("/")[:-1]), f"{pattern}: the cgroup is {group}")
        t.equal(systemd.properties(unit)["ControlGroup"], group, f"{pattern}: ControlGroup")
        t.equal(t.state(identity)["status"], "created", "status")


@test(peers="")
def a_slice_name_puts_the_scope_below_it(t):
    c = _created(t, "lab-pods.slice")
    group, unit = _where(t, c)
    t.check("/lab-pods.slice/" in group and unit.endswith(".scope") and c.id in unit, f"cgroup {group}")


@test(peers="")
def hostile_paths_are_refused_before_systemd_sees_them(t):
    longest = "n" * 300
    bad = ["machine.slice:lab", "a:b:c:d", "::", ":::", "noslice:lab:name", "-.slice:lab:x/y", "a--b.slice:lab:x", "-a.slice:lab:x",
           "a-.slice:lab:x", "a/b.slice:lab:x", "../../x.slice:lab:x", "machine.slice:lab:a/b",
           f"machine.slice:lab:{longest}", f"{longest}.slice:lab:x", "machine.slice:la\nb:x", "machine.slice:lab:x\u0001",
           "/../escape", "a/../../b", "/a/./b", "machine.slice:" + "p" * 250 + ":x", "/" + "d" * 300 + "/x", "x" * 70000,
           "machine.slice:lab:x\u0000y"]
    for path in bad:
        bundle = t.bundle("true")
        bundle.linux["cgroupsPath"] = path
        t.fails(bundle, words=("linux.cgroupsPath",))
    t.check(process.alive(1) and systemd.units(), "PID 1 does not answer any more")


@test(peers="")
def names_that_systemd_would_misread_are_escaped(t):
    identity = f"st+{os.getpid()}"
    t.identities.append(identity)
    c = t.created(t.bundle("sleep", "1000"), identity=identity)
    t.equal(_where(t, c)[1], f"unitc-st\\x2b{os.getpid()}.scope", "unit")


@test(lane="both", peers="")
def the_container_sees_its_own_cgroup_as_the_root(t):
    t.equal(t.run(t.bundle("cat", "/proc/self/cgroup")).lines[-1], "0::/", "the container's view")


@test(peers="")
def without_a_cgroup_namespace_the_container_sees_its_real_place(t):
    identity = t.id()
    result = t.run(t.bundle("cat", "/proc/self/cgroup").drop_namespace("cgroup"), identity=identity)
    t.check(result.lines[-1].endswith(f"/unitc-{identity}.scope"), f"the container's view is {result.lines}")


@test(peers="")
def an_existing_unit_that_lives_is_named_and_not_touched(t):
    identity = t.id()
    unit = t.rt.unit(identity)
    stranger = t.command("sh", "-c", f"systemd-run --quiet --scope --unit={unit} sleep 1000 & echo $!")
    t.finally_do(lambda: systemd.control("kill", "-s", "KILL", unit))
    t.check(until(lambda: systemd.loaded(unit)), f"the stranger's unit did not appear: {stranger.out}")
    before = systemd.properties(unit)["InvocationID"]
    bundle = t.bundle("sleep", "1000").save()
    result = t.call("create", "-b", bundle.path, identity)
    t.equal(result.status, 1, "status")
    t.one_error(result, unit)
    found = systemd.properties(unit)
    t.equal((found["ActiveState"], found["InvocationID"]), ("active", before), "state of the stranger's unit")
    t.gone(identity)


@test(peers="")
def a_failed_leftover_of_ours_is_reset_and_replaced(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.RuntimeMaxUSec", "uint64 300000").annotate(*_STOPS_QUICKLY)
    bundle.annotate("org.systemd.property.CollectMode", "'inactive'")
    c = t.detached(bundle)
    t.check(until(lambda: systemd.properties(c.unit).get("ActiveState") == "failed", 10), "the unit did not fail")
    # As after a crash that lost the state: only the failed unit is left.
    t.command("rm", "-r", os.path.join(t.rt.root, c.id))
    again = t.detached(t.bundle("sleep", "1000"), identity=c.id)
    t.equal(again.properties()["ActiveState"], "active", "ActiveState")
    t.equal(t.state(c.id)["status"], "running", "status")


@test(peers="")
def delete_resets_a_unit_that_failed(t):
    bundle = t.bundle("sleep", "1000").annotate("org.systemd.property.RuntimeMaxUSec", "uint64 300000").annotate(*_STOPS_QUICKLY)
    bundle.annotate("org.systemd.property.CollectMode", "'inactive'")
    c = t.detached(bundle)
    t.check(until(lambda: systemd.properties(c.unit).get("ActiveState") == "failed", 10), "the unit did not fail")
    c.wait_stopped()
    t.ok("delete", c.id)
    t.no_unit(c.id)


@test(peers="")
def a_failed_unit_is_collected_at_once_by_default(t):
    c = t.detached(t.bundle("sleep", "1000").annotate("org.systemd.property.RuntimeMaxUSec", "uint64 300000").annotate(*_STOPS_QUICKLY))
    t.check(until(lambda: not systemd.loaded(c.unit), 10), "the failed unit stayed")
    t.equal(t.state(c.id)["status"], "stopped", "status")
