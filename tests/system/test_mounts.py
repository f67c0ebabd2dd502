# SPDX-License-Identifier: Apache-2.0
"""The container's file systems: what is mounted, with which flags, and that the host sees none of it."""

import os

from lab import process, test, until


def _live(t, bundle):
    c = t.detached(bundle)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


def _mounts(t, bundle):
    return {entry["point"]: entry for entry in process.mounts(_live(t, bundle).pid)}


@test(lane="both")
def the_default_mounts_are_there_with_their_options(t):
    found = _mounts(t, t.bundle("sleep", "1000"))
    for point, kind, options, of_super in (
            ("/proc", "proc", {"rw"}, set()), ("/dev", "tmpfs", {"nosuid"}, {"mode=755", "size=65536k"}),
            ("/dev/pts", "devpts", {"nosuid", "noexec"}, {"gid=5", "mode=620", "ptmxmode=666"}),
            ("/dev/shm", "tmpfs", {"nosuid", "nodev", "noexec"}, {"size=65536k"}),
            ("/dev/mqueue", "mqueue", {"nosuid", "nodev", "noexec"}, set()),
            ("/sys", "sysfs", {"ro", "nosuid", "nodev", "noexec"}, set()),
            ("/sys/fs/cgroup", "cgroup2", {"ro", "nosuid", "nodev", "noexec", "relatime"}, set())):
        t.check(point in found, f"{point} is not mounted; mounts: {sorted(found)}")
        t.equal(found[point]["type"], kind, f"type of {point}")
        t.check(options <= set(found[point]["options"]), f"options of {point}: {found[point]['options']}")
        t.check(of_super <= set(found[point]["super"]), f"super options of {point}: {found[point]['super']}")
    t.check("relatime" not in found["/dev"]["options"], f"/dev is not strictatime: {found['/dev']['options']}")


@test(lane="both")
def the_root_is_the_rootfs_and_read_only_when_asked(t):
    bundle = t.bundle(shell="touch /new 2>&1; echo $?; ls /")
    result = t.run(bundle)
    t.contains(result.out, "Read-only file system", "\n1\n")
    t.check("old" not in result.out and "mnt" in result.out, result.out)
    bundle = t.bundle(shell="touch /new && echo made", writable=True)
    t.equal(t.run(bundle).out, "made\n", "stdout with a writable root")
    t.check(os.path.exists(bundle.inside("/new")), "the file is not in the rootfs")


@test(lane="both")
def the_host_sees_no_mount_of_the_container(t):
    before = process.mounts(1), process.mounts("self")
    c = _live(t, t.bundle("sleep", "1000").bind("/etc", "/mnt", "rw"))
    t.equal((process.mounts(1), process.mounts("self")), before, "the host's mounts while the container runs")
    t.check(process.namespace(c.pid, "mnt") != process.namespace("self", "mnt"), "the mount namespace is the host's")


@test()
def nothing_of_the_old_root_is_reachable(t):
    points = [entry["point"] for entry in process.mounts(_live(t, t.bundle("sleep", "1000")).pid)]
    bad = [point for point in points if not point.startswith(("/proc", "/dev", "/sys")) and point != "/"]
    t.equal(bad, [], "mounts that the config does not name")


@test()
def bind_mounts_of_directories_and_files(t):
    os.makedirs(t.path("data"))
    with open(t.path("data/file"), "w") as file:
        file.write("content\n")
    bundle = t.bundle(shell="cat /mnt/file /one; echo more >> /mnt/file").bind(t.path("data"), "/mnt", "rw")
    bundle.write("/one", "").bind(t.path("data/file"), "/one", "ro")
    t.equal(t.run(bundle).out, "content\ncontent\n", "stdout")
    t.equal(open(t.path("data/file")).read(), "content\nmore\n", "the host's file")


@test()
def read_only_binds_are_read_only_and_leave_the_source_alone(t):
    os.makedirs(t.path("data"))
    bundle = t.bundle(shell="touch /mnt/x 2>&1 | grep -c 'Read-only'").bind(t.path("data"), "/mnt", "ro")
    t.equal(t.run(bundle).out, "1\n", "stdout")
    open(t.path("data/y"), "w").close()


@test()
def bind_flags(t):
    os.makedirs(t.path("data"))
    bundle = t.bundle("sleep", "1000").bind(t.path("data"), "/mnt", "nosuid", "nodev", "noexec", "noatime")
    options = set(_mounts(t, bundle)["/mnt"]["options"])
    t.check({"rw", "nosuid", "nodev", "noexec", "noatime"} <= options, f"options {options}")


@test()
def relative_bind_sources_are_relative_to_the_bundle(t):
    bundle = t.bundle("cat", "/mnt/file").bind("data", "/mnt", "ro")
    os.makedirs(os.path.join(bundle.path, "data"))
    with open(os.path.join(bundle.path, "data/file"), "w") as file:
        file.write("from the bundle\n")
    t.equal(t.run(bundle).out, "from the bundle\n", "stdout")


def _nested(t):
    """A directory with a tmpfs below it, on the host's side, for as long as the test runs."""
    outer, inner = t.path("outer"), t.path("outer/inner")
    os.makedirs(inner)
    t.command("mount", "-t", "tmpfs", "nested", inner)
    t.finally_do(lambda: t.command("umount", "-R", inner))
    open(os.path.join(inner, "deep"), "w").close()
    return outer


@test()
def rbind_takes_the_mounts_below_and_bind_does_not(t):
    outer = _nested(t)
    for option, wanted in (("rbind", "deep\n"), ("bind", "")):
        bundle = t.bundle("ls", "/mnt/inner").mount("/mnt", "bind", outer, option)
        t.equal(t.run(bundle).out, wanted, f"listing with {option}")


@test(peers="runc")
def recursive_read_only_reaches_the_mounts_below(t):
    outer = _nested(t)
    for option, wanted in (("ro", "0\n"), ("rro", "1\n")):
        bundle = t.bundle(shell="touch /mnt/inner/x 2>/dev/null; echo $?").mount("/mnt", "bind", outer, "rbind", option)
        t.equal(t.run(bundle).out, wanted, f"status of a write below with {option}")


@test()
def missing_mount_points_are_made_inside_the_rootfs(t):
    os.makedirs(t.path("data"))
    open(t.path("data/file"), "w").close()
    bundle = t.bundle(shell="ls -d /a/b/c /d/e/file", writable=True).bind(t.path("data"), "/a/b/c").bind(t.path("data/file"), "/d/e/file")
    t.equal(t.run(bundle).out, "/a/b/c\n/d/e/file\n", "stdout")
    t.check(os.path.isdir(bundle.inside("/a/b/c")) and os.path.isfile(bundle.inside("/d/e/file")), "mount points in the rootfs")


@test()
def a_symlink_inside_the_rootfs_is_followed_inside_it(t):
    os.makedirs(t.path("data"))
    open(t.path("data/mark"), "w").close()
    bundle = t.bundle("ls", "/run/here").bind(t.path("data"), "/var/run/here")
    os.symlink("/run", bundle.inside("/var/run"))
    t.equal(t.run(bundle).out, "mark\n", "listing of /run/here")


@test()
def tmpfs_options(t):
    bundle = t.bundle("sleep", "1000").mount("/mnt", "tmpfs", "tmpfs", "size=1m", "mode=1750", "nosuid", "uid=7", "gid=8")
    c = _live(t, bundle)
    facts = os.stat(f"/proc/{c.pid}/root/mnt")
    t.equal((oct(facts.st_mode), facts.st_uid, facts.st_gid), ("0o41750", 7, 8), "mode, uid, gid")
    t.check("size=1024k" in process.mount_at(c.pid, "/mnt")["super"], "size")


@test(peers="runc")
def a_tmpfs_without_a_mode_takes_that_of_its_mount_point(t):
    bundle = t.bundle("sleep", "1000").mount("/mnt", "tmpfs", "tmpfs")
    os.chmod(bundle.inside("/mnt"), 0o3710)
    c = _live(t, bundle)
    t.equal(oct(os.stat(f"/proc/{c.pid}/root/mnt").st_mode), "0o43710", "mode of the mount")


@test()
def later_mounts_cover_earlier_ones(t):
    bundle = t.bundle("ls", "/mnt/below").mount("/mnt", "tmpfs", "tmpfs").mount("/mnt/below", "tmpfs", "tmpfs")
    t.equal(t.run(bundle).out, "", "listing")


@test()
def proc_with_options(t):
    bundle = t.bundle("sleep", "1000")
    bundle.find_mount("/proc")["options"] = ["nosuid", "noexec", "nodev", "hidepid=2"]
    found = _mounts(t, bundle)["/proc"]
    t.check({"nosuid", "noexec", "nodev"} <= set(found["options"]), f"options {found['options']}")
    t.check(any(word.startswith("hidepid=") for word in found["super"]), f"super options {found['super']}")


@test(peers="runc")
def propagation_of_the_root_is_private_towards_the_host(t):
    found = _mounts(t, t.bundle("sleep", "1000"))
    shared = [point for point, entry in found.items() if any(word.startswith("shared:") for word in entry["propagation"])]
    t.equal(shared, [], "shared mounts")


@test(peers="runc")
def rootfs_propagation_slave_sees_what_the_host_mounts(t):
    source = t.path("source")
    os.makedirs(source)
    t.command("mount", "--bind", source, source)
    t.command("mount", "--make-shared", source)
    t.finally_do(lambda: t.command("umount", "-R", source))
    bundle = t.bundle("sleep", "1000").mount("/mnt", "bind", source, "rbind", "rslave")
    bundle.linux["rootfsPropagation"] = "rslave"
    c = _live(t, bundle)
    os.makedirs(os.path.join(source, "later"))
    t.command("mount", "-t", "tmpfs", "later", os.path.join(source, "later"))
    t.check(until(lambda: process.mount_at(c.pid, "/mnt/later")), "the host's later mount is not in the container")


@test(peers="runc")
def mount_propagation_option_is_applied(t):
    os.makedirs(t.path("data"))
    bundle = t.bundle("sleep", "1000").bind(t.path("data"), "/mnt", "rshared")
    found = _mounts(t, bundle)["/mnt"]
    t.check(any(word.startswith("shared:") for word in found["propagation"]), f"propagation {found['propagation']}")


@test()
def a_missing_bind_source_is_one_clear_error(t):
    bundle = t.bundle("true").bind(t.path("missing"), "/mnt")
    t.fails(bundle, words=(t.path("missing"),) if t.rt.is_unitc else ("missing",))


@test(peers="")
def unknown_types_and_options_are_refused_by_name(t):
    bundle = t.bundle("true").mount("/mnt", "nosuchfs", "none")
    t.fails(bundle, words=("nosuchfs",))
    bundle = t.bundle("true").mount("/mnt", "tmpfs", "tmpfs", "no-such-option")
    t.fails(bundle, words=("no-such-option",))
    bundle = t.bundle("true").bind("/etc", "/mnt", "size=1m")
    t.fails(bundle, words=("mounts[7].options", "size"))


@test(peers="runc")
def mounts_over_proc_are_refused(t):
    os.makedirs(t.path("data"))
    for point in ("/proc/self", "/proc/sys", "/proc/1", "/proc/self/attr", "/proc/sys/kernel", "/proc/foo"):
        for kind in ("bind", "tmpfs"):
            bundle = t.bundle("true").mount(point, kind, t.path("data") if kind == "bind" else "tmpfs",
                                            *(["bind"] if kind == "bind" else []))
            t.fails(bundle)


@test(peers="runc")
def a_plain_directory_over_proc_is_refused(t):
    os.makedirs(t.path("data"))
    t.fails(t.bundle("true").drop_mount("/proc").bind(t.path("data"), "/proc"))


@test(peers="runc")
def the_files_that_lxcfs_serves_may_be_mounted_over_proc(t):
    with open(t.path("meminfo"), "w") as file:
        file.write("MemTotal: 42 kB\n")
    for name in ("meminfo", "uptime", "stat", "cpuinfo", "diskstats", "swaps", "loadavg"):
        bundle = t.bundle("cat", f"/proc/{name}").bind(t.path("meminfo"), f"/proc/{name}", "ro")
        t.equal(t.run(bundle).out, "MemTotal: 42 kB\n", f"/proc/{name}")


@test(peers="")
def a_cgroup_mount_shows_the_containers_own_group_read_only(t):
    result = t.run(t.bundle(shell="cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x 2>&1; true"))
    t.check("1" in result.lines, f"cgroup.procs inside: {result.lines}")
    t.contains(result.out, "Read-only file system")


@test(seconds=90, peers="runc")
def a_thousand_mounts_take_linear_time(t):
    os.makedirs(t.path("data"))
    bundle = t.bundle(shell="grep -c ' /mnt/' /proc/self/mountinfo")
    bundle.mount("/mnt", "tmpfs", "tmpfs")
    for number in range(1000):
        bundle.bind(t.path("data"), f"/mnt/m{number}")
    result = t.run(bundle)
    t.equal(result.out, "1000\n", "mounts inside")
    t.check(result.seconds < 10 * t.scale, f"took {result.seconds:.1f} s")


@test(peers="")
def paths_of_the_rootfs_may_hold_any_byte(t):
    bundle = t.bundle("cat", "/mnt/a b/ü\\'\"/file")
    os.makedirs(t.path("da ta/a b/ü\\'\""))
    with open(t.path("da ta/a b/ü\\'\"/file"), "w") as file:
        file.write("fine\n")
    bundle.bind(t.path("da ta"), "/mnt", "ro")
    t.equal(t.run(bundle).out, "fine\n", "stdout")


@test()
def an_overlay_of_many_layers_with_long_names(t):
    layers = []
    for number in range(6):
        layers.append(os.path.join(t.directory, f"layer-{number}-" + "x" * 60))
        os.mkdir(layers[-1])
        with open(os.path.join(layers[-1], "who"), "w") as file:
            file.write(f"{number}\n")
        open(os.path.join(layers[-1], f"only-{number}"), "w").close()
    bundle = t.bundle(shell="cat /mnt/who; echo /mnt/only-*")
    bundle.mount("/mnt", "overlay", "overlay", "lowerdir=" + ":".join(layers))
    t.equal(t.run(bundle).out, "0\n" + " ".join(f"/mnt/only-{number}" for number in range(6)) + "\n", "stdout")
    # Of layers behind two colons only the data is used.
    bundle = t.bundle(shell="echo /mnt/only-*")
    bundle.mount("/mnt", "overlay", "overlay", "metacopy=on", "lowerdir=" + ":".join(layers[:4]) + "::" + "::".join(layers[4:]))
    t.equal(t.run(bundle).out, " ".join(f"/mnt/only-{number}" for number in range(4)) + "\n", "stdout with layers of data alone")


@test(peers="")
def without_a_cgroup_namespace_the_cgroup_mount_is_the_hosts(t):
    c = t.detached(t.bundle(shell="cat /proc/self/cgroup; ls -d /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/cgroup.procs;"
                            " mkdir /sys/fs/cgroup/x 2>&1; echo done; sleep 1000").drop_namespace("cgroup"))
    out = c.wait_for_output("done")
    t.contains(out, f"0::{c.properties()['ControlGroup']}\n", f"/sys/fs/cgroup{c.properties()['ControlGroup']}/cgroup.procs\n", "Read-only file system")
    options = next(line.split()[3] for line in open("/proc/mounts") if line.split()[1] == "/sys/fs/cgroup")
    t.detached(t.bundle("sleep", "1000").drop_namespace("cgroup"))
    t.equal(next(line.split()[3] for line in open("/proc/mounts") if line.split()[1] == "/sys/fs/cgroup"), options, "the host's options afterwards")


@test(peers="")
def a_bind_mount_within_the_root_finds_the_mounts_made_before(t):
    for name in ("one", "two"):
        os.makedirs(t.path(name), exist_ok=True)
        with open(t.path(f"{name}/file"), "w") as file:
            file.write(name + "\n")
    os.makedirs(t.path("one/two"))
    bundle = t.bundle(shell="cat /final/file /final/two/file", writable=True, private=True)
    # The host's paths of places in the root, as some callers write them.
    bundle.bind(t.path("one"), bundle.inside("/mnt")).bind(t.path("two"), "/mnt/two")
    bundle.mount(bundle.inside("/final"), "bind", bundle.inside("/mnt"), "rbind")
    t.equal(t.run(bundle).out, "one\ntwo\n", "stdout")
    # A symlink of the image's leads into the image, never out to the host.
    os.symlink("/etc", bundle.inside("/link"))
    bundle.write("/etc/marker", "the image's\n")
    bundle.mount("/etc-copy", "bind", bundle.inside("/link"), "bind").shell("cat /etc-copy/marker")
    t.equal(t.run(bundle).out, "the image's\n", "what the link leads to")


@test(peers="")
def a_destination_below_the_roots_own_path_is_checked_as_the_image_sees_it(t):
    bundle = t.bundle("true")
    t.fails(bundle.bind("/etc", bundle.inside("/proc/sys")), words=("mounts[", "inside /proc"))
    bundle = t.bundle("true")
    t.fails(bundle.bind("/etc", bundle.rootfs), words=("mounts[", "must be below it"))


# Not every kernel of a host that runs the machine keeps to it; that of the VM does.
@test(lane="vm", peers="runc")
def no_user_namespace_inside_gets_a_procfs_or_sysfs_without_masks(t):
    # What the kernel looks for in the mount namespace: one of the host's that nothing covers.
    for kind in ("proc", "sysfs"):
        os.mkdir(t.path(kind))
        t.equal(t.command("mount", "-t", kind, kind, t.path(kind)).status, 0, f"mount -t {kind}")
        t.finally_do(lambda place=t.path(kind): t.command("umount", place))
    for flags in ((), ("--no-pivot",)):
        for kind in ("proc", "sysfs"):
            bundle = t.bundle("unshare", "-m", "-r", "-p", "-f", "sh", "-c", f"echo inside; mount -t {kind} none /mnt && echo mounted", private=True)
            bundle.linux["maskedPaths"] = ["/proc/meminfo", "/sys/kernel"]
            bundle.capabilities("CAP_SETFCAP")  # mapping root to root wants it
            result = t.run(bundle, *flags, status=1)
            t.equal(result.out, "inside\n", f"stdout with {flags}")
            t.contains(result.err, "ermission denied")
