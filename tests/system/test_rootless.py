# SPDX-License-Identifier: Apache-2.0
"""An ordinary user's containers: units of the user's own service manager, in a user namespace."""

import json
import os
import pwd
import shlex
import shutil
import subprocess

from lab import User, cgroup, process, systemd, test, until


def _scope(identity):
    return f"unitc-{identity}.scope"


def _group(user, identity):
    return f"{user.manager}/user.slice/{_scope(identity)}"


def _map(bundle, *ranges):
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": inside, "hostID": outside, "size": size} for inside, outside, size in ranges]
    return bundle


def _with_subids(user, bundle):
    return _map(bundle, (0, user.uid, 1), (1, user.subids(), 65536))


@test(peers="")
def a_user_runs_what_spec_rootless_writes(t):
    user = User(t)
    script = "id -u; cat /proc/self/uid_map; cat /proc/self/gid_map; cat /proc/self/setgroups; echo pid $$; hostname"
    result = user.run(user.bundle(shell=script))
    t.equal(result.err, "", "standard error")
    words = result.out.split()
    t.equal(words, ["0", "0", str(user.uid), "1", "0", str(user.gid), "1", "deny", "pid", "1", "runc"], "inside")
    t.equal(os.stat(user.runtime_dir + "/unitc").st_mode & 0o7777, 0o1700, "mode of the state directory")


@test(peers="")
def its_unit_is_the_users(t):
    user = User(t)
    identity = user.detached(user.bundle())
    unit, pid = _scope(identity), user.state(identity)["pid"]
    shown = {name: user.property(unit, name) for name in ("ActiveState", "Slice", "Delegate", "ControlGroup", "Description")}
    wanted = {"ActiveState": "active", "Slice": "user.slice", "Delegate": "yes", "ControlGroup": _group(user, identity),
              "Description": f"unitc container {identity}"}
    t.equal(shown, wanted, "unit")
    t.equal(cgroup.of_process(pid), _group(user, identity), "cgroup of the process")
    t.check(not systemd.loaded(unit), "the system's manager has the unit")
    t.equal(process.status(pid)["Uid"].split(), [str(user.uid)] * 4, "uid on the host")
    user.ok("delete", "--force", identity)
    user.unit_is_gone(unit)


@test(peers="")
def every_command_works_for_a_user(t):
    user = User(t)
    trap = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    identity = user.detached(user.bundle(shell=trap), verb=("create",))
    t.equal(user.state(identity)["status"], "created", "status")
    user.ok("start", identity)
    t.equal(user.state(identity)["status"], "running", "status")
    listed = json.loads(user.ok("list", "--format", "json").out)
    t.equal([(each["id"], each["status"], each["owner"]) for each in listed], [(identity, "running", user.name)], "list")
    t.contains(user.ok("ps", identity).out, "trap")
    pid = user.state(identity)["pid"]
    stats = json.loads(user.ok("events", "--stats", identity).out)
    t.equal(stats["type"], "stats", "events")
    user.ok("pause", identity)
    t.equal(user.state(identity)["status"], "paused", "status")
    t.equal(user.property(_scope(identity), "FreezerState"), "frozen", "unit")
    user.ok("resume", identity)
    t.equal(user.state(identity)["status"], "running", "status")
    user.ok("update", "--pids-limit", "77", identity)
    t.equal(user.property(_scope(identity), "TasksMax"), "77", "TasksMax of the unit")
    t.contains(user.ok("status", "--lines", "0", identity).out, identity, "running")
    user.ok("kill", identity, "TERM")
    t.check(until(lambda: user.state(identity)["status"] == "stopped"), "did not stop")
    t.check(not process.alive(pid), "the process lives")
    user.ok("delete", identity)
    user.fails("state", identity, told=["does not exist"])
    user.unit_is_gone(_scope(identity))


@test(peers="")
def exec_enters_from_inside_and_outside_of_the_users_manager(t):
    user = User(t)
    identity = user.detached(user.bundle())
    for inside in (True, False):
        result = user.ok("exec", identity, "sh", "-c", "id -u; cat /proc/self/cgroup; readlink /proc/self/ns/user", inside=inside)
        words = result.out.split()
        pid = user.state(identity)["pid"]
        t.equal((words[0], words[-1]), ("0", process.namespace(pid, "user")), "user and user namespace")
        t.contains(result.out, "0::/\n")
    t.equal(user.unitc("exec", identity, "sh", "-c", "exit 7").status, 7, "exit status of exec")
    user.ok("exec", "-d", "--pid-file", user.home + "/pid", identity, "sleep", "999")
    with open(user.home + "/pid") as file:
        pid = int(file.read())
    t.equal(cgroup.of_process(pid), _group(user, identity), "cgroup of exec's process")


@test(peers="")
def devices_are_the_hosts(t):
    user = User(t)
    script = "echo x >/dev/null && head -c 4 /dev/zero | wc -c; stat -c '%n %t:%T' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty"
    result = user.run(user.bundle(shell=script))
    t.equal(result.lines, ["4", "/dev/null 1:3", "/dev/zero 1:5", "/dev/full 1:7", "/dev/random 1:8", "/dev/urandom 1:9", "/dev/tty 5:0"], "devices")
    bundle = user.bundle()
    bundle.linux["devices"] = [{"path": "/dev/none", "type": "c", "major": 1, "minor": 3}]
    user.fails("run", "--bundle", bundle.save().path, t.fresh_name("c"), told=["/dev/none", "none can be made"])
    bundle.linux["devices"] = [{"path": "/dev/zero", "type": "c", "major": 1, "minor": 3}]
    user.fails("run", "--bundle", bundle.save().path, t.fresh_name("c"), told=["/dev/zero", "another device"])


@test(peers="")
def ranges_come_by_newuidmap(t):
    user = User(t)
    base = user.subids()
    script = "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; touch /tmp/f; chown 1:1 /tmp/f; stat -c %u:%g /tmp/f"
    bundle = _with_subids(user, user.bundle(shell=script)).mount("/tmp", "tmpfs", "tmpfs").capabilities("CAP_CHOWN")
    words = user.run(bundle).out.split()
    t.equal(words, ["0", str(user.uid), "1", "1", str(base), "65536", "0", str(user.gid), "1", "1", str(base), "65536", "allow", "1:1"], "inside")
    bundle = _with_subids(user, user.bundle())
    bundle.process["user"] = {"uid": 5, "gid": 5}
    identity = user.detached(bundle)
    t.equal(process.status(user.state(identity)["pid"])["Uid"].split(), [str(base + 4)] * 4, "uid on the host")
    t.equal(user.ok("exec", identity, "id", "-u").out.strip(), "5", "user of exec")
    user.ok("delete", "--force", identity)


@test(peers="")
def ranges_that_are_not_the_users_are_refused(t):
    user = User(t)
    bundle = _map(user.bundle(), (0, 0, 10)).save()
    user.fails("run", "--bundle", bundle.path, t.fresh_name("c"), told=["linux.gidMappings", "newgidmap", "not allowed"])
    bundle = _with_subids(user, user.bundle()).save()
    user.fails("run", "--bundle", bundle.path, t.fresh_name("c"), environment={"PATH": "/nowhere"}, told=["newuidmap", "uidmap"])


@test(peers="")
def what_a_user_cannot_have_is_refused(t):
    user = User(t)

    def refuse(change, *told):
        bundle = user.bundle()
        change(bundle)
        user.fails("run", "--bundle", bundle.save().path, t.fresh_name("c"), told=told)

    def no_user_namespace(bundle):
        bundle.drop_namespace("user")
        del bundle.linux["uidMappings"], bundle.linux["gidMappings"]

    refuse(no_user_namespace, "linux.namespaces", "rootless container requires user namespaces")
    refuse(lambda b: b.process["user"].update(additionalGids=[0]), "process.user.additionalGids", "rootless")
    refuse(lambda b: b.linux["namespaces"].append({"type": "time"}), "linux.namespaces", "time namespace is not supported for rootless")
    refuse(lambda b: b.bind("/tmp", "/mnt", "idmap"), "mounts[", "id-mapped mounts are not supported for rootless")
    t.equal(os.listdir(user.runtime_dir + "/unitc") if os.path.isdir(user.runtime_dir + "/unitc") else [], [], "left behind")


@test(peers="")
def no_container_is_a_service_or_a_part_of_one(t):
    user = User(t)
    lone = User(t, linger=False)
    said = "must be scope for a user's containers"
    for mode in ("service", "self"):
        for verb in (("run",), ("run", "-d"), ("create",)):
            bundle = user.bundle().save()
            user.fails(*verb, "--unit", mode, "--bundle", bundle.path, t.fresh_name("c"), told=["--unit", said])
        user.fails("run", "--bundle", bundle.path, t.fresh_name("c"), environment={"UNITC_UNIT": mode}, told=["UNITC_UNIT", mode, said])
        user.fails("run", "--bundle", bundle.annotate("org.unitc.unit", mode).save().path, t.fresh_name("c"),
                   told=["annotations.org.unitc.unit", mode, said])
        # Of more than one reason that which no login takes away.
        lone.fails("run", "--unit", mode, "--bundle", lone.bundle().save().path, t.fresh_name("c"), told=["--unit", said])
        # Where it would be allowed to root.
        words = ("--quiet", "--pipe", "--wait", "--collect", "-p", "Delegate=yes", "-p", f"User={user.name}", "--working-directory", user.home)
        result = t.command("systemd-run", *words, t.rt.path, "run", "--unit", mode, "--bundle", user.bundle().save().path, t.fresh_name("c"))
        t.equal(result.status, 1, "exit status in a service of the system's")
        t.one_error(result, "--unit", said)
    t.check(not os.path.exists(user.runtime_dir + "/unitc"), "a state directory was made")
    bundle = user.bundle("true").annotate("org.unitc.unit", "self")
    user.run(bundle, "--unit", "scope", environment={"UNITC_UNIT": "service"})


@test(peers="")
def missing_controllers_are_named(t):
    user = User(t)
    bundle = user.bundle("true")
    bundle.linux["resources"] = {"blockIO": {"weight": 100}, "cpu": {"cpus": "0"}}
    have = (cgroup.read(cgroup.path(user.manager), "cgroup.controllers") or "").split()
    told = user.run(bundle).err
    for controller in ("io", "cpuset"):
        t.equal(f"controller '{controller}' is not delegated" in told, controller not in have, f"warning of {controller}: {told}")


@test(peers="")
def without_a_manager_or_a_session_the_error_says_what_to_do(t):
    user = User(t, linger=False)
    bundle = user.bundle("true").save()
    words = ("run", "--bundle", bundle.path, "c")
    user.fails(*words, told=[f"loginctl enable-linger {user.uid}", user.manager])
    user.linger()
    user.fails(*words, environment={"XDG_RUNTIME_DIR": None}, told=["XDG_RUNTIME_DIR is not set", "machinectl shell", "--root"])
    root = ("--root", user.home + "/state")
    user.fails(*root, *words, environment={"XDG_RUNTIME_DIR": None}, told=["no D-Bus user bus", "su and sudo"])
    user.fails(*root, *words, environment={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}, told=["/nowhere", "dbus-user-session"])
    user.ok(*words)


@test(peers="")
def a_shell_below_the_manager_of_another_is_no_obstacle(t):
    """su(1) in a terminal of a desktop."""
    user, desktop = User(t), User(t)
    bundle = user.bundle("echo", "hello").save()
    words = shlex.join(user.argv(t.rt.path, "run", "--bundle", bundle.path, t.fresh_name("c")))
    result = t.command("sh", "-c", f"echo $$ >{cgroup.path(desktop.manager)}/init.scope/cgroup.procs && exec {words}", cwd=user.home)
    t.equal((result.status, result.out), (0, "hello\n"), "status and output")


@test(peers="")
def the_journal_of_a_users_container_is_shown(t):
    user = User(t)
    # A journal in memory has no files of its users' own.
    t.equal(t.command("usermod", "--append", "--groups", "systemd-journal", user.name).status, 0, "usermod")
    identity = user.detached(user.bundle())
    wanted = f"Started unitc-{identity}.scope"
    t.check(until(lambda: wanted in user.unitc("logs", identity).out), f"not in the journal:\n{user.unitc('logs', identity).out}")


@test(peers="")
def root_does_not_look_at_the_environment(t):
    bundle = t.bundle("true")
    environment = {**os.environ, "XDG_RUNTIME_DIR": t.path("nowhere"), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    c = t.detached(t.bundle("sleep", "1000"), env=environment)
    t.check(systemd.loaded(c.unit), "not a unit of the system's manager")
    t.check(not os.path.exists(t.path("nowhere")), "made a directory where the environment said")
    t.run(bundle, env=environment)


@test(peers="")
def root_of_a_users_namespace_uses_the_users_manager(t):
    """What podman is to the runtime that it calls."""
    user = User(t)
    bundle = _with_subids(user, user.bundle())
    bundle.drop_namespace("user")
    del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
    bundle.save()
    identity = t.fresh_name("c")
    script = f"""set -e; u={t.rt.path}
$u run -d --bundle {bundle.path} {identity}
$u exec {identity} sh -c 'id -u; cat /proc/self/uid_map; stat -c %t:%T /dev/null'
$u state {identity} >{user.home}/state.json
$u pause {identity}; $u resume {identity}; $u kill {identity} KILL
$u delete --force {identity}"""
    for inside in (True, False):
        result = user.command("unshare", "--user", "--map-root-user", "--map-auto", "--mount", "sh", "-c", script, inside=inside)
        t.equal((result.status, result.err), (0, ""), "status and standard error")
        words = result.out.split()
        t.equal((words[:4], words[-1]), (["0", "0", str(user.uid), "1"], "1:3"), "inside")
    user.unit_is_gone(_scope(identity))


@test(peers="")
def nothing_is_left_when_it_fails_half_way(t):
    user = User(t)
    bundle = user.bundle("/no/such/program").save()
    user.fails("run", "--bundle", bundle.path, "c1", told=["/no/such/program"])
    bundle = user.bundle().bind("/no/such/source", "/mnt").save()
    user.fails("run", "--bundle", bundle.path, "c2", told=["/no/such/source"])
    t.equal(json.loads(user.ok("list", "--format", "json").out) or [], [], "containers")
    t.check(until(lambda: not [u for u in user.systemctl("list-units", "--all", "--plain", "--no-legend", "unitc-*").stdout.split()]), "units are left")
    t.equal(pwd.getpwuid(user.uid).pw_name, user.name, "user")


@test(peers="")
def a_bundle_is_a_service_of_the_users(t):
    user = User(t)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../units/user/unitc@.service.in")
    with open(source) as file:
        text = file.read().replace("@CMAKE_INSTALL_FULL_BINDIR@/unitc", t.rt.path)
    units, bundles = user.home + "/.config/systemd/user", user.home + "/.local/share/unitc"
    for directory in (units, bundles):
        os.makedirs(directory)
    with open(units + "/unitc@.service", "w") as file:
        file.write(text)
    bundle = user.bundle(shell="trap 'echo reloaded >/tmp/f' HUP; trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done")
    bundle.mount("/tmp", "tmpfs", "tmpfs").save()
    os.rename(bundle.path, bundles + "/web")
    user.systemctl("daemon-reload")
    t.equal(user.systemctl("start", "unitc@web").returncode, 0, "start")
    t.check(until(lambda: user.property("unitc-web.scope", "ActiveState") == "active"), "no scope")
    t.check(until(lambda: user.state("web")["status"] == "running"), "not running")
    t.equal(user.systemctl("reload", "unitc@web").returncode, 0, "reload")
    t.check(until(lambda: user.unitc("exec", "web", "cat", "/tmp/f").out == "reloaded\n"), "no SIGHUP came")
    t.equal(user.systemctl("stop", "unitc@web").returncode, 0, "stop")
    t.equal(user.property("unitc@web.service", "Result"), "success", "result")
    user.unit_is_gone("unitc-web.scope")
    user.fails("state", "web", told=["does not exist"])
    # Somebody else's of that id is left alone.
    user.ok("run", "-d", "--bundle", user.bundle().save().path, "web")
    t.check(user.systemctl("start", "unitc@web").returncode != 0, "the service started")
    t.equal(user.state("web")["status"], "running", "status of the other")
    user.ok("delete", "--force", "web")


@test(peers="", seconds=120)
def podman_of_a_user_runs_its_containers_with_unitc(t):
    t.machine_needs(shutil.which("podman"), "needs podman in the machine")
    user = User(t)
    bundle = user.bundle()
    podman = ["podman", "--runtime", t.rt.path, "--cgroup-manager", "systemd", "--storage-driver", "vfs"]
    run = [*podman, "run", "--network", "none", "--rootfs"]
    result = user.command(*run, bundle.rootfs, "sh", "-c", "id -u; cat /proc/self/uid_map; echo x >/dev/null; exit 3", inside=True, timeout=60)
    t.equal(result.status, 3, "exit status")
    t.equal(result.out.split()[:4], ["0", "0", str(user.uid), "1"], "inside")
    result = user.command(*run[:-1], "-d", "--name", "web", "--rootfs", bundle.rootfs, "sleep", "1000", inside=True, timeout=60)
    t.equal(result.status, 0, "status of run -d")
    identity = result.out.strip()
    t.equal(user.property(f"libpod-{identity}.scope", "ActiveState"), "active", "scope of the user's manager")
    words = user.command(*podman, "exec", "web", "sh", "-c", "echo $((6 * 7))", inside=True, timeout=60)
    t.equal((words.status, words.out.strip()), (0, "42"), "exec")
    t.equal(user.command(*podman, "pause", "web", inside=True).status, 0, "pause")
    t.equal(user.command(*podman, "unpause", "web", inside=True).status, 0, "unpause")
    t.equal(user.command(*podman, "rm", "--force", "--time", "0", "web", inside=True, timeout=60).status, 0, "rm")
    user.unit_is_gone(f"libpod-{identity}.scope")


@test(peers="")
def without_pivot_root_nothing_of_the_hosts_proc_is_left(t):
    user = User(t)
    result = user.run(user.bundle(shell="id -u; ls /proc/self/ns >/dev/null && echo there"), "--no-pivot")
    t.equal(result.lines, ["0", "there"], "inside")


@test(peers="")
def a_users_own_unitc_is_executed_from_a_sealed_copy(t):
    user = User(t)
    own = user.home + "/unitc"
    shutil.copy(t.rt.path, own)
    os.chown(own, user.uid, user.gid)
    bundle = user.bundle().save()
    identity = t.fresh_name("c")
    child = subprocess.Popen(user.argv(own, "run", "--bundle", bundle.path, identity), cwd=user.home,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.finally_do(child.wait)
    t.finally_do(lambda: user.unitc("delete", "--force", identity))
    t.check(until(lambda: user.unitc("state", identity).status == 0 and user.state(identity)["status"] == "running"), "not running")
    with open(f"/proc/{user.state(identity)['pid']}/stat") as file:
        parent = int(file.read().rpartition(")")[2].split()[1])
    t.equal(os.readlink(f"/proc/{parent}/exe"), "/memfd:unitc (deleted)", "executable")
    t.equal(user.command(own, "exec", identity, "echo", "hello").out, "hello\n", "exec")


@test(peers="")
def a_created_container_takes_no_exec(t):
    user = User(t)
    identity = user.detached(user.bundle(), verb=("create",))
    result = user.unitc("exec", identity, "true")
    t.equal(result.status, 255, "exit status of exec")
    t.one_error(result, "created")
    t.equal(user.state(identity)["status"], "created", "status afterwards")
    user.ok("start", identity)
    user.ok("exec", identity, "true")
