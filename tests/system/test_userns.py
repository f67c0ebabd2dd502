# SPDX-License-Identifier: Apache-2.0
"""User, time and joined namespaces: what the container's root is to the host, and what it may do inside."""

import os
import subprocess
import sys

from lab import cgroup, process, test, until

BASE = 100000


def _owned(path, base, entries=True):
    """Gives a tree to the ids from `base` on."""
    for directory, names, files in os.walk(path):
        for name in [directory] + [os.path.join(directory, each) for each in (names + files if entries else [])]:
            found = os.lstat(name)
            if found.st_uid < base:
                os.lchown(name, base + found.st_uid, base + found.st_gid)


def _mapped(bundle, base=BASE, ranges=None):
    """A bundle in a user namespace of its own, its rootfs owned by the mapped root."""
    ranges = ranges or [(0, base, 65536)]
    bundle.linux["namespaces"].append({"type": "user"})
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": inside, "hostID": outside, "size": size} for inside, outside, size in ranges]
    _owned(bundle.rootfs, ranges[0][1])
    return bundle


def _userns(t, *args, base=BASE, **options):
    return _mapped(t.bundle(*args, private=True, **options), base)


def _live(t, bundle, *flags):
    c = t.detached(bundle, *flags)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


def _ids(pid):
    with open(f"/proc/{pid}/status") as file:
        return [line.split()[1:] for line in file if line.startswith(("Uid:", "Gid:"))]


@test(lane="both", peers="runc")
def root_inside_is_nobody_outside(t):
    c = _live(t, _userns(t, "sleep", "1000"))
    t.equal(_ids(c.pid), [[str(BASE)] * 4, [str(BASE)] * 4], "host ids of the process")
    t.equal(open(f"/proc/{c.pid}/uid_map").read().split(), ["0", str(BASE), "65536"], "uid map")
    t.equal(open(f"/proc/{c.pid}/gid_map").read().split(), ["0", str(BASE), "65536"], "gid map")
    t.equal(open(f"/proc/{c.pid}/setgroups").read().strip(), "allow", "setgroups")
    t.check(process.namespace(c.pid, "user") != process.namespace("self", "user"), "the user namespace is the host's")


@test(peers="")
def output_to_the_journal_leaves_the_callers_files_alone(t):
    bundle, identity = _userns(t, shell="echo mapped; exec sleep 1000").save(), t.id()
    argv = t.rt.argv(["run", "-d", "--output=journal", "--bundle", bundle.path, identity])
    with open(t.path("out"), "w") as out:
        status = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False).returncode
    t.equal((status, open(t.path("out")).read(), os.stat(t.path("out")).st_uid), (0, "", 0), "status, output, owner of the file")
    t.check(until(lambda: "mapped" in t.ok("logs", identity).out), "its line is not in the journal")


@test(lane="both", peers="")
def the_container_sees_itself_as_root(t):
    result = t.run(_userns(t, shell="id -u; id -g; id -G; cat /proc/self/uid_map; stat -c %u:%g /bin /proc/1 /dev /dev/null"))
    words = result.out.split()
    t.equal(words[:3], ["0", "0", "0"], "ids inside")
    t.equal(words[6:], ["0:0"] * 4, "owners seen inside")


@test(peers="runc")
def several_ranges(t):
    ranges = [(0, 200000, 1000), (1000, 300000, 1), (1001, 201001, 5000)]
    bundle = _mapped(t.bundle("sleep", "1000", private=True), ranges=ranges)
    bundle.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 1000]}
    c = _live(t, bundle)
    t.equal(_ids(c.pid), [["300000"] * 4, ["201001"] * 4], "host ids of the process")
    lines = [line.split() for line in open(f"/proc/{c.pid}/uid_map")]
    t.equal(lines, [[str(number) for number in row] for row in ranges], "uid map")


@test(lane="both", peers="runc")
def the_default_mounts_work_in_a_user_namespace(t):
    c = _live(t, _userns(t, "sleep", "1000"))
    found = {entry["point"]: entry["type"] for entry in process.mounts(c.pid)}
    roots = [entry["type"] for entry in process.mounts(c.pid) if entry["point"] == "/"]
    t.equal(len(roots), 1, f"mounts on the root: {roots}")
    for point, kind in (("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs"),
                        ("/dev/mqueue", "mqueue"), ("/sys", "sysfs"), ("/sys/fs/cgroup", "cgroup2")):
        t.equal(found.get(point), kind, f"type of {point}")
    bad = [point for point in found if not point.startswith(("/proc", "/dev", "/sys")) and point != "/"]
    t.equal(bad, [], "mounts that the config does not name")


@test(peers="")
def who_enters_the_mount_namespace_finds_the_containers_root(t):
    for flags in ((), ("--no-pivot",)):
        c = _live(t, _userns(t, "sleep", "1000"), *flags)
        entered = t.command("nsenter", "-t", str(c.pid), "-m", "--", "/bin/ls", "/")
        t.equal(entered.lines, sorted(os.listdir(c.bundle.rootfs)), f"the root with {flags}")


@test(peers="")
def device_nodes_work_and_belong_to_the_containers_root(t):
    bundle = _userns(t, shell="echo x > /dev/null && head -c 3 /dev/zero | od -An -tx1; stat -c '%n %t:%T %a %u:%g' /dev/null /dev/extra /dev/deep/fifo /dev/zero")
    bundle.linux["devices"] = [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8},
                               {"path": "/dev/deep/fifo", "type": "p", "fileMode": 0o600}]
    t.equal(t.run(bundle).lines, [" 00 00 00", "/dev/null 1:3 666 0:0", "/dev/extra 1:3 640 7:8", "/dev/deep/fifo 0:0 600 0:0",
                                  "/dev/zero 1:5 666 0:0"], "stdout")


@test(peers="")
def sysfs_of_the_hosts_network_is_a_read_only_view(t):
    bundle = _userns(t, shell="ls /sys/class/net; mount | grep -c ' /sys type sysfs' ; touch /sys/x 2>&1; true")
    bundle.drop_namespace("network")
    bundle.find_mount("/sys")["options"] = ["nosuid", "noexec", "nodev"]
    result = t.run(bundle)
    t.contains(result.out, "lo", "Read-only file system")
    t.equal(sorted(os.listdir("/sys/class/net")), sorted(set(result.lines) & set(os.listdir("/sys/class/net"))), "interfaces")


@test(peers="")
def proc_of_the_hosts_pids_is_the_hosts(t):
    bundle = _userns(t, shell="ls -d /proc/self/fd && test -d /proc/1 && echo $$")
    bundle.drop_namespace("pid")
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    t.check(int(t.run(bundle).lines[-1]) > 1, "the container has a pid namespace")


@test(peers="runc")
def masked_and_read_only_paths_hold(t):
    bundle = _userns(t, shell="head -c 1 /proc/kcore; ls -A /proc/scsi /sys/firmware; touch /proc/sys/x 2>&1; cat /proc/timer_list")
    result = t.run(bundle)
    t.check("Read-only" in result.out or "nonexistent" in result.out or "No such" in result.out, result.out)


@test(peers="runc")
def bind_sources_that_root_inside_cannot_reach(t):
    """The parent's privileges find them; the container's are enough to use what is mounted."""
    hidden = t.path("hidden")
    os.makedirs(os.path.join(hidden, "data"))
    with open(os.path.join(hidden, "data/file"), "w") as file:
        file.write("content\n")
    os.chmod(hidden, 0o700)
    os.chown(hidden, 4242, 4242)
    bundle = _userns(t, shell="cat /mnt/file; touch /mnt/x 2>&1; true").bind(os.path.join(hidden, "data"), "/mnt", "ro")
    t.contains(t.run(bundle).out, "content\n", "Read-only file system")


@test(peers="")
def a_rootfs_below_a_directory_that_root_inside_cannot_reach(t):
    bundle = _userns(t, shell="echo fine > /new && cat /new", writable=True)
    os.chmod(bundle.path, 0o700)
    os.chown(bundle.path, 4242, 4242)
    t.finally_do(lambda: os.chown(bundle.path, 0, 0))
    t.equal(t.run(bundle).out, "fine\n", "stdout")
    t.equal(os.stat(bundle.inside("/new")).st_uid, BASE, "owner of the new file on the host")


@test(peers="")
def the_hosts_restrictions_cannot_be_lifted(t):
    """A source that is read-only on the host stays so, whatever root inside may remount."""
    source = t.path("source")
    os.makedirs(source)
    t.command("mount", "-t", "tmpfs", "-o", "ro", "fixed", source)
    t.finally_do(lambda: t.command("umount", source))
    bundle = _userns(t, shell="mount -o remount,bind,rw /mnt; touch /mnt/x 2>&1").bind(source, "/mnt")
    bundle.capabilities("CAP_SYS_ADMIN")
    t.contains(t.run(bundle, status=1).out, "Read-only file system")


@test(lane="both", peers="")
def the_host_sees_no_mount_and_gets_nothing_back(t):
    before = process.mounts(1), process.mounts("self")
    source = t.path("shared")
    os.makedirs(source)
    t.command("mount", "--bind", source, source)
    t.command("mount", "--make-shared", source)
    t.finally_do(lambda: t.command("umount", "-R", source))
    during = process.mounts(1), process.mounts("self")
    bundle = _userns(t, "sleep", "1000").mount("/mnt", "bind", source, "rbind", "rw")
    _live(t, bundle)
    t.equal((process.mounts(1), process.mounts("self")), during, "the host's mounts while the container runs")
    t.check(before != during, "the test mounted nothing")


@test(peers="runc")
def the_terminal_belongs_to_the_user(t):
    bundle = _userns(t, shell="tty; stat -c %u /dev/console; echo x > /dev/console; test -t 0 && echo terminal")
    bundle.process["terminal"] = True
    bundle.process["user"] = {"uid": 5, "gid": 5}
    bundle.save()
    result = t.command("script", "-qec", f"{t.rt.path} --root {t.rt.root} run -b {bundle.path} {t.id()}", "/dev/null")
    t.contains(result.out, "/dev/pts/0\n", "5\nx\nterminal\n")


@test(peers="runc")
def standard_streams_can_be_reopened(t):
    bundle = _userns(t, shell="echo first; echo second >> /proc/self/fd/1 && echo third >> /dev/stderr")
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    result = t.run(bundle)
    t.equal((result.out, result.err), ("first\nsecond\n", "third\n"), "stdout and stderr")


@test(peers="runc")
def limits_and_an_oom_score(t):
    bundle = _userns(t, "sleep", "1000")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 999, "hard": 1000}]
    bundle.process["oomScoreAdj"] = 321
    c = _live(t, bundle)
    limits = open(f"/proc/{c.pid}/limits").read()
    t.matches(limits, r"Max open files +999 +1000", "limits")
    t.equal(open(f"/proc/{c.pid}/oom_score_adj").read(), "321\n", "oom_score_adj")


@test(lane="vm", peers="")
def limits_above_the_callers_and_a_lower_oom_score(t):
    bundle = _userns(t, "sleep", "1000")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NICE", "soft": 30, "hard": 35}]
    bundle.process["oomScoreAdj"] = -500
    c = _live(t, bundle)
    t.matches(open(f"/proc/{c.pid}/limits").read(), r"Max nice priority +30 +35", "limits")
    t.equal(open(f"/proc/{c.pid}/oom_score_adj").read(), "-500\n", "oom_score_adj")


@test(peers="runc")
def a_writable_cgroup_belongs_to_the_process(t):
    bundle = _userns(t, shell="mkdir /sys/fs/cgroup/below && echo 0 > /sys/fs/cgroup/below/cgroup.procs && echo moved; sleep 1000")
    bundle.linux["namespaces"].append({"type": "cgroup"}) if not any(n["type"] == "cgroup" for n in bundle.linux["namespaces"]) else None
    bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
    c = t.detached(bundle)
    c.wait_for_output("moved")
    group = c.cgroup
    t.equal(os.stat(group).st_uid, BASE, "owner of the group")
    for name in open("/sys/kernel/cgroup/delegate").read().split():
        path = os.path.join(group, name)
        if os.path.exists(path):
            t.equal(os.stat(path).st_uid, BASE, f"owner of {name}")
    t.equal(os.stat(os.path.join(group, "cgroup.freeze")).st_uid, 0, "owner of a file that is not delegated")


@test(peers="")
def a_read_only_cgroup_stays_the_hosts(t):
    c = _live(t, _userns(t, "sleep", "1000"))
    t.equal(os.stat(c.cgroup).st_uid, 0, "owner of the group")


@test(peers="runc")
def the_life_of_a_container_in_a_user_namespace(t):
    bundle = _userns(t, "sleep", "1000")
    c = t.created(bundle, "--pid-file", t.path("pid"))
    t.equal(t.state(c.id)["status"], "created", "status")
    t.equal(int(open(t.path("pid")).read()), t.state(c.id)["pid"], "the pid file's pid")
    t.equal(_ids(c.pid)[0][0], str(BASE), "the pid is the host's")
    t.start(c)
    t.check(until(lambda: t.state(c.id)["status"] == "running"), "never ran")
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.ok("delete", c.id)
    t.gone(c.id)


@test(peers="runc")
def capabilities_names_and_sysctls_inside(t):
    bundle = _userns(t, shell="hostname; grep CapEff /proc/self/status; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; cat /proc/self/setgroups")
    bundle.config["hostname"] = "mapped"
    bundle.linux["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "80"}
    result = t.run(bundle)
    t.equal(result.lines, ["mapped", "CapEff:\t0000000020000420", "80", "allow"], "stdout")


@test(peers="runc")
def hooks_run_as_whoever_is_root_where_they_run(t):
    """createRuntime on the host's side, createContainer and startContainer in the user namespace."""
    out = t.path("out")
    os.makedirs(out)
    os.chmod(out, 0o777)
    bundle = _userns(t, shell="cat /started", writable=True)
    bundle.config["hooks"] = {
        name: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {name} > {file}"]}]
        for name, file in (("createRuntime", f"{out}/runtime"), ("createContainer", f"{out}/container"), ("startContainer", "/started"))}
    t.equal(t.run(bundle).out, "startContainer\n", "what the last hook wrote")
    t.equal(os.stat(f"{out}/runtime").st_uid, 0, "user of createRuntime")
    t.equal(os.stat(f"{out}/container").st_uid, BASE, "user of createContainer")


@test(peers="runc")
def exec_enters_the_user_namespace(t):
    c = _live(t, _userns(t, "sleep", "1000"))
    result = t.ok("exec", "--user", "5:6", c.id, "sh", "-c", "id -u; id -g; readlink /proc/self/ns/user; echo more >> /proc/self/fd/1")
    t.equal(result.lines, ["5", "6", process.namespace(c.pid, "user"), "more"], "stdout")
    shell = f"{t.rt.path} --root {t.rt.root} exec -t {c.id} sh -c 'tty; stat -c %u /proc/self/fd/0; cat /proc/self/uid_map'"
    t.contains(t.command("script", "-qec", shell, "/dev/null").out, "/dev/pts/0\n", "0\n", str(BASE))


@test(peers="runc")
def tmpcopyup_in_a_user_namespace(t):
    bundle = t.bundle(shell="stat -c '%n %u %a' /mnt/file; cat /mnt/file", private=True).mount("/mnt", "tmpfs", "tmpfs", "tmpcopyup")
    bundle.write("/mnt/file", "old\n", 0o604)
    os.chown(bundle.inside("/mnt/file"), 33, 33)
    t.equal(t.run(_mapped(bundle)).out, "/mnt/file 33 604\nold\n", "stdout")


@test(peers="")
def bad_mappings_are_refused_by_name(t):
    def fails(change, *words):
        bundle = _userns(t, "true")
        change(bundle)
        t.fails(bundle, words=words)

    one = {"containerID": 0, "hostID": BASE, "size": 10}
    fails(lambda b: b.linux.pop("uidMappings"), "linux.uidMappings", "is missing")
    fails(lambda b: b.linux.update(gidMappings=[]), "linux.gidMappings", "is missing")
    fails(lambda b: b.linux.update(uidMappings=[one, dict(one, hostID=5)]), "linux.uidMappings[1]: overlaps linux.uidMappings[0]")
    fails(lambda b: b.linux.update(gidMappings=[one, dict(one, containerID=50, hostID=BASE + 9)]), "linux.gidMappings[1]: overlaps")
    fails(lambda b: b.linux.update(uidMappings=[dict(one, size=0)]), "uidMappings", "size")
    fails(lambda b: b.linux.update(uidMappings=[dict(one, containerID=n, hostID=n, size=1) for n in range(341)]), "341 entries")
    fails(lambda b: b.linux.update(uidMappings=[dict(one, containerID=1)]), "the container's root")
    fails(lambda b: b.process.update(user={"uid": 70000, "gid": 0}), "process.user.uid: is 70000", "linux.uidMappings")
    fails(lambda b: b.process.update(user={"uid": 0, "gid": 70000}), "process.user.gid: is 70000")
    fails(lambda b: b.process.update(user={"uid": 0, "gid": 0, "additionalGids": [5, 70000]}), "process.user.additionalGids[1]")
    fails(lambda b: b.drop_namespace("user"), "linux.uidMappings: needs an entry of type 'user'")
    fails(lambda b: b.linux.update(gidMappings=[dict(one, size=5)]), "mounts[2].options: 'gid=5'")


# Joined namespaces

def _namespace_of(t, c, kind):
    return f"/proc/{c.pid}/ns/{kind}"


def _join(bundle, kind, path):
    bundle.drop_namespace(kind)
    bundle.linux["namespaces"].append({"type": kind, "path": path})
    return bundle


@test(peers="")
def a_user_namespace_is_joined_with_the_others_it_owns(t):
    first = _live(t, _userns(t, "sleep", "1000"))
    bundle = t.bundle("sleep", "1000", private=True)
    _owned(bundle.rootfs, BASE)
    kinds = {"user": "user", "network": "net", "ipc": "ipc", "uts": "uts"}
    for kind, name in kinds.items():
        _join(bundle, kind, _namespace_of(t, first, name))
    bundle.config.pop("hostname", None)
    second = _live(t, bundle)
    for name in kinds.values():
        t.equal(process.namespace(second.pid, name), process.namespace(first.pid, name), f"{name} namespace")
    for name in ("mnt", "pid"):
        t.check(process.namespace(second.pid, name) != process.namespace(first.pid, name), f"the {name} namespace is shared")
    t.equal(_ids(second.pid)[0][0], str(BASE), "host uid of the second")


@test(peers="")
def a_joined_cgroup_namespace_is_what_the_mount_shows(t):
    first = _live(t, t.bundle("sleep", "1000", private=True))
    second = _live(t, _join(t.bundle("sleep", "1000", private=True), "cgroup", _namespace_of(t, first, "cgroup")))
    t.equal(process.namespace(second.pid, "cgroup"), process.namespace(first.pid, "cgroup"), "cgroup namespace")
    with open(f"/proc/{second.pid}/root/sys/fs/cgroup/cgroup.procs") as file:
        t.equal(len(file.read().split()), 1, "processes of the mounted group")


@test(peers="")
def a_new_user_namespace_with_a_joined_network(t):
    """The network is the host's to enter: done before the privileges for it are gone."""
    host = _live(t, t.bundle("sleep", "1000"))
    bundle = _userns(t, "sleep", "1000")
    for kind, name in (("network", "net"), ("ipc", "ipc"), ("uts", "uts")):
        _join(bundle, kind, _namespace_of(t, host, name))
    bundle.config.pop("hostname", None)
    bundle.drop_mount("/dev/mqueue")  # of the host's ipc namespace: not the container's to mount
    c = _live(t, bundle)
    for name in ("net", "ipc", "uts"):
        t.equal(process.namespace(c.pid, name), process.namespace(host.pid, name), f"{name} namespace")
    t.equal(_ids(c.pid)[0][0], str(BASE), "host uid")


@test(peers="")
def a_joined_user_namespace_and_its_mappings(t):
    first = _live(t, _userns(t, "sleep", "1000"))
    for size, words in ((65536, None), (65535, ("both namespace path and non-matching mapping specified",))):
        bundle = t.bundle(shell="id -u; cat /proc/self/uid_map", private=True)
        _owned(bundle.rootfs, BASE)
        _join(bundle, "user", _namespace_of(t, first, "user"))
        for key in ("uidMappings", "gidMappings"):
            bundle.linux[key] = [{"containerID": 0, "hostID": BASE, "size": size}]
        if words is None:
            t.equal(t.run(bundle).out.split()[0], "0", "uid inside")
        else:
            t.fails(bundle, words=words)
    bundle = t.bundle("true", private=True)
    _join(bundle, "user", _namespace_of(t, first, "user")).process["user"] = {"uid": 70000, "gid": 0}
    t.fails(bundle, words=("process.user.uid: is 70000",))


@test(lane="both", peers="runc")
def a_pid_namespace_is_joined(t):
    first = _live(t, t.bundle("sleep", "1000"))
    second = _live(t, _join(t.bundle("sleep", "2000"), "pid", _namespace_of(t, first, "pid")))
    t.equal(process.namespace(second.pid, "pid"), process.namespace(first.pid, "pid"), "pid namespace")
    t.equal(t.state(second.id)["status"], "running", "status")
    result = t.run(_join(t.bundle(shell="ps | grep -c 'sleep [12]000'; echo $$"), "pid", _namespace_of(t, first, "pid")))
    t.equal(result.lines[0], "2", "sleeping processes it sees")
    t.check(int(result.lines[1]) > 1, "it is pid 1")
    t.ok("kill", second.id, "KILL")
    second.wait_stopped()
    t.equal(t.state(first.id)["status"], "running", "status of the first")
    t.equal(t.run(_join(t.bundle(shell="exit 7"), "pid", _namespace_of(t, first, "pid")), status=7).status, 7, "exit status")


@test(peers="")
def nobody_looks_into_it_until_it_executes(t):
    """CVE-2016-9962: what waits for start still has the runtime's memory, so it is not its own user's to read."""
    first = _live(t, _userns(t, "sleep", "1000"))
    bundle = t.bundle("sleep", "1000", private=True)
    _owned(bundle.rootfs, BASE)
    for kind in ("user", "pid"):
        _join(bundle, kind, _namespace_of(t, first, kind))
    second = t.created(bundle)
    t.equal(_ids(second.pid)[0][0], str(BASE), "host uid")
    t.equal(os.stat(f"/proc/{second.pid}/environ").st_uid, 0, "owner of what it may not read, before start")
    t.start(second)
    t.check(until(lambda: os.stat(f"/proc/{second.pid}/environ").st_uid == BASE), "never executed")


@test(peers="")
def a_path_that_is_no_such_namespace_is_refused(t):
    for kind, path in (("pid", "/proc/self/ns/net"), ("user", "/proc/self/ns/pid"), ("user", "/nowhere"), ("time", "/proc/self/ns/uts"),
                       ("pid", "/etc/passwd")):
        t.fails(_join(t.bundle("true"), kind, path), words=(f"join {kind} namespace", path))


# Time namespaces

@test(lane="both", peers="")
def time_offsets(t):
    bundle = t.bundle(shell="cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime")
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"monotonic": {"secs": 86400, "nanosecs": 500}, "boottime": {"secs": 1000000}}
    lines = [line.split() for line in t.run(bundle).lines]
    t.equal(sorted(lines[:2]), [["boottime", "1000000", "0"], ["monotonic", "86400", "500"]], "offsets")
    t.check(int(lines[2][0]) >= 1000000, f"uptime {lines[2]}")


@test(peers="")
def a_time_namespace_is_new_and_is_joined(t):
    bundle = _userns(t, "sleep", "1000")
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 5000}}
    first = _live(t, bundle)
    t.check(process.namespace(first.pid, "time") != process.namespace("self", "time"), "the time namespace is the host's")
    second = _live(t, _join(t.bundle("sleep", "1000"), "time", _namespace_of(t, first, "time")))
    t.equal(process.namespace(second.pid, "time"), process.namespace(first.pid, "time"), "time namespace")


@test(peers="")
def time_offsets_without_a_new_time_namespace_are_refused(t):
    bundle = t.bundle("true")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 5}}
    t.fails(bundle, words=("linux.timeOffsets", "'time'"))
    t.fails(_join(bundle, "time", "/proc/self/ns/time"), words=("linux.timeOffsets",))


@test(peers="")
def a_container_cannot_mark_its_unit_as_anothers(t):
    """Its root owns the cgroup, so it can set what systemd sets for readers of no rights: user.invocation_id."""
    bundle = _userns(t, "sleep", "1000").drop_namespace("pid")
    bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
    # Without a pid namespace of its own there is no fresh procfs.
    bundle.find_mount("/proc").update(type="bind", source="/proc", options=["rbind"])
    c = t.detached(bundle)
    own = ["nsenter", "--target", str(c.pid), "--user", "--setuid", "0", "--setgid", "0", sys.executable, "-c"]
    mark = f"import os; os.setxattr({c.cgroup!r}, 'user.invocation_id', b'0' * 32)"
    t.equal(t.command(*own, mark).status, 0, "status of the container's setxattr")
    pid = c.pid
    t.ok("pause", c.id)
    t.ok("resume", c.id)
    t.ok("exec", "-d", c.id, "sleep", "1001")
    t.equal(len(t.ok("ps", c.id).out.splitlines()), 3, "lines of ps")
    pids = cgroup.processes(c.cgroup)
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: not any(process.alive(each) for each in [pid, *pids])), "some process outlived delete --force")
    t.no_unit(c.id)
