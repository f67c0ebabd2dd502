# SPDX-License-Identifier: Apache-2.0
"""Containers that are services of their own: run --unit=service."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

from lab import cgroup, process, systemd, test, until
from lab.case import messages
from lab.terminal import ConsoleSocket, Foreground, read_all

_MODE = "--unit=service"
_OBEDIENT = "trap 'echo TERM >>/out/told; exit 0' TERM; echo up >>/out/told; while :; do sleep 0.05; done"
_PROPERTY = "org.systemd.property."


def _unit(identity):
    return f"unitc-{identity}.service"


def _show(identity, *names):
    out = systemd.control("show", "-p", ",".join(names), _unit(identity)).stdout
    found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return found.get(names[0], "") if len(names) == 1 else tuple(found.get(name, "") for name in names)


def _becomes(t, identity, name, value, seconds=10.0):
    t.check(until(lambda: _show(identity, name) == value, seconds),
            f"{name} is {_show(identity, name)!r}, not {value!r}:\n{systemd.status(_unit(identity))}")


def _out(t, bundle):
    out = t.path(t.fresh_name("out"))
    os.mkdir(out)
    bundle.bind(out, "/out")
    told = os.path.join(out, "told")
    bundle.told = lambda: open(told).read().split() if os.path.exists(told) else []
    return bundle


def _detached(t, bundle, *flags, **more):
    container = t.detached(bundle, _MODE, *flags, **more)
    container.unit = _unit(container.id)
    return container


def _obedient(t, *flags):
    bundle = _out(t, t.bundle(shell=_OBEDIENT))
    container = _detached(t, bundle, *flags)
    t.check(until(lambda: "up" in bundle.told(), 10), f"the program is not up:\n{systemd.status(container.unit)}")
    return container


def _refused(t, bundle, *flags, words, verb="run", **options):
    """One error, and nothing is left."""
    bundle.save()
    identity = t.id()
    result = t.call(verb, *(("-d",) if verb == "run" else ()), "--bundle", bundle.path, _MODE, *flags, identity, **options)
    t.equal(result.status, 1, "exit status")
    t.one_error(result, *words)
    t.check(not systemd.loaded(_unit(identity)), "a unit is left")
    t.check(not os.path.exists(os.path.join(t.rt.root, identity)), "a record is left")


def _own_processes():
    return [words for words in process.everything().values() if "start-service" in words]


@test(peers="")
def a_detached_container_is_a_service_whose_parent_is_pid_1(t):
    container = _obedient(t)
    pid = container.pid
    t.equal(_own_processes(), [], "processes of unitc")
    t.equal(_show(container.id, "ActiveState", "SubState", "MainPID", "Type"), ("active", "running", str(pid), "forking"), "unit")
    t.equal(process.status(pid)["PPid"], "1", "parent of the first process")
    t.equal(cgroup.of_process(pid), f"/system.slice/{container.unit}", "cgroup of the first process")
    t.equal(t.state(container.id)["status"], "running", "state")
    t.check(not systemd.loaded(t.rt.unit(container.id)), "there is a scope")
    t.check("not our child" not in t.command("journalctl", "-u", container.unit, "--no-pager").out, "systemd has doubts about the main process")
    t.ok("delete", "--force", container.id)
    t.check(not systemd.loaded(container.unit), "the unit outlived delete")


@test(peers="")
def systemctl_stops_and_kills_it(t):
    container = _obedient(t)
    systemd.control("stop", container.unit)
    t.equal(container.bundle.told(), ["up", "TERM"], "what the program was told")
    t.equal(t.state(container.id)["status"], "stopped", "state")
    t.ok("delete", container.id)
    container = _obedient(t)
    systemd.control("kill", "-s", "KILL", container.unit)
    _becomes(t, container.id, "ActiveState", "failed")
    t.equal(_show(container.id, "Result", "ExecMainStatus"), ("signal", "9"), "result")
    t.ok("delete", container.id)
    t.check(not systemd.loaded(container.unit), "the failed unit outlived delete")


@test(peers="")
def a_program_that_has_ended_before_unitc_says_so_has_its_status(t):
    bundle = t.bundle(shell="exit 7")
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/sleep", "args": ["sleep", "0.5"]}]}
    result = t.run(bundle, _MODE, status=7)
    t.equal(result.err, "", "what is said")


@test(peers="")
def an_id_may_begin_with_a_dash(t):
    identity = "-" + t.id()
    t.finally_do(lambda: t.call("delete", "--force", "--", identity))
    t.equal(t.call("run", "--bundle", t.bundle(shell="exit 7").save().path, _MODE, "--", identity).status, 7, "status")


@test(peers="")
def its_exit_status_is_the_units(t):
    for status, active in ((0, "inactive"), (7, "failed")):
        bundle = t.bundle(shell=f"exit {status}")
        for again in range(5):
            container = _detached(t, bundle)
            container.wait_stopped()
            _becomes(t, container.id, "ActiveState", active)
            if status:
                t.equal(_show(container.id, "Result", "ExecMainCode", "ExecMainStatus"), ("exit-code", "1", "7"), "result")
            t.ok("delete", container.id)


@test(peers="")
def every_verb_works_on_it(t):
    container = _obedient(t)
    identity = container.id
    t.contains(t.ok("list").out, identity)
    t.contains(t.ok("exec", identity, "cat", "/proc/self/cgroup").out, "0::/\n")
    t.equal(json.loads(t.ok("ps", "--format", "json", identity).out)[0], container.pid, "first process of ps")
    t.check(json.loads(t.ok("events", "--stats", identity).out)["data"]["pids"]["current"] >= 1, "events")
    t.contains(t.ok("status", identity).out, container.unit)
    t.ok("pause", identity)
    t.equal((t.state(identity)["status"], _show(identity, "FreezerState")), ("paused", "frozen"), "after pause")
    t.ok("resume", identity)
    t.equal(t.state(identity)["status"], "running", "after resume")
    t.ok("update", "--pids-limit", "50", identity)
    t.equal(_show(identity, "TasksMax"), "50", "limit of the unit")
    t.ok("kill", identity, "TERM")
    container.wait_stopped()
    t.equal(container.bundle.told(), ["up", "TERM"], "what the program was told")
    t.ok("delete", identity)


@test(peers="")
def one_that_needs_an_usher_is_supervised_as_well(t):
    bundle = t.bundle(shell="sleep 0.3; exit 5")
    bundle.linux["namespaces"].append({"type": "time"})
    container = _detached(t, bundle)
    t.equal(_show(container.id, "MainPID"), str(container.pid), "main process")
    _becomes(t, container.id, "ActiveState", "failed")
    t.equal(_show(container.id, "Result", "ExecMainStatus"), ("exit-code", "5"), "result")
    t.ok("delete", container.id)


@test(peers="")
def machinectl_knows_it_if_asked_for(t):
    t.machine_needs(shutil.which("machinectl"), "needs machinectl (systemd-container) in the machine")
    # machined has a slice of its own made, which stays until somebody stops it.
    t.finally_do(lambda: systemd.control("stop", "systemd-machined.service", "machine.slice"))
    t.command("machinectl", "list")
    container = _obedient(t, "--register=yes")
    for _ in range(2):
        t.contains(t.command("machinectl", "show", container.id).out, f"Leader={container.pid}\n", f"Unit={container.unit}\n")
        t.equal(t.command("systemctl", "restart", container.unit).status, 0, "status of systemctl restart")
    t.ok("delete", "--force", container.id)


@test(peers="")
def systemd_restarts_it(t):
    bundle = _out(t, t.bundle(shell="echo up >>/out/told; sleep 0.3; exit 3"))
    hooked = t.path("hooked")
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} >>{hooked}"]}]
                              for kind in ("createRuntime", "poststart", "poststop")}
    bundle.annotate(_PROPERTY + "Restart", "'on-failure'").annotate(_PROPERTY + "RestartSec", "uint64 0")
    bundle.annotate(_PROPERTY + "StartLimitIntervalSec", "uint64 0")
    container = _detached(t, bundle)
    t.check(until(lambda: len(bundle.told()) >= 3, 20), f"it was not started again:\n{systemd.status(container.unit)}")
    t.ok("delete", "--force", container.id)
    t.check(not systemd.loaded(container.unit), "the unit outlived delete")
    with open(hooked) as file:
        words = file.read().split()
    t.equal(words[:6], ["createRuntime", "poststart", "poststop"] * 2, "hooks")
    t.equal(words.count("createRuntime"), words.count("poststop"), "hooks of the end and of the beginning")


@test(peers="")
def systemctl_restart_makes_it_anew(t):
    container = _obedient(t)
    for _ in range(3):
        before = container.pid
        done = t.command("systemctl", "restart", container.unit)
        t.equal(done.status, 0, "status of systemctl restart")
        t.check(container.pid != before, "it is the same process")
        t.equal(_show(container.id, "MainPID", "ActiveState"), (str(container.pid), "active"), "unit")
    t.equal(container.bundle.told().count("TERM"), 3, "stops")
    t.ok("exec", container.id, "true")
    t.ok("delete", "--force", container.id)


@test(peers="", lane="both")
def its_limits_are_those_of_a_scope(t):
    t.machine_needs({"memory", "pids"} <= t.machine.controllers, "needs the controllers memory and pids")
    found = {}
    for flags in (("--unit=scope",), (_MODE,)):
        bundle = t.bundle("sleep", "600")
        bundle.resources.update(memory={"limit": 67108864, "swap": 67108864}, pids={"limit": 50},
                                cpu={"quota": 20000, "period": 50000, "shares": 512, "burst": 1000})
        container = t.detached(bundle, *flags)
        group = cgroup.path(cgroup.of_process(container.pid))
        found[flags] = cgroup.settings(group)
        for verb in ("daemon-reload", "daemon-reexec"):
            systemd.control(verb)
            t.equal(cgroup.settings(group), found[flags], f"settings after {verb}")
        t.ok("delete", "--force", container.id)
    t.equal(*found.values(), "settings")


@test(peers="")
def standard_streams_and_the_pid_file_are_the_callers(t):
    pid_file = t.path("pid")
    container = _detached(t, t.bundle(shell="read word; echo got $word; echo wrong >&2; exec sleep 600"), "--pid-file", pid_file,
                          input="ping\n")
    container.wait_for_output("got ping")
    t.contains(container.result.err + open(container.result.out_path.replace("out-", "err-", 1)).read()
               if os.path.exists(container.result.out_path.replace("out-", "err-", 1)) else "wrong", "wrong")
    t.equal(open(pid_file).read(), str(container.pid), "pid file")
    t.ok("delete", "--force", container.id)


@test(peers="")
def the_foreground_returns_the_status_and_passes_signals(t):
    t.equal(t.run(t.bundle(shell="echo hello; exit 7"), _MODE, status=7).out, "hello\n", "output")
    t.run(t.bundle("true"), _MODE)
    for number, status, told in ((signal.SIGTERM, 0, ["up", "TERM"]), (signal.SIGKILL, 137, ["up"])):
        bundle = _out(t, t.bundle(shell=_OBEDIENT)).save()
        identity = t.id()
        child = subprocess.Popen(t.rt.argv(["run", "--bundle", bundle.path, _MODE, identity]))
        t.check(until(lambda: "up" in bundle.told(), 10), "the program is not up")
        if number == signal.SIGKILL:
            t.ok("kill", identity, "KILL")
        else:
            child.send_signal(number)
        t.equal(child.wait(20), status, "status of run")
        t.equal(bundle.told(), told, "what the program was told")
        t.gone(identity)
        t.check(not systemd.loaded(_unit(identity)), "the unit is left")


@test(peers="")
def an_annotation_or_the_environment_asks_for_it(t):
    for note, env in (("service", None), (None, dict(os.environ, UNITC_UNIT="service"))):
        bundle = t.bundle("sleep", "600")
        if note:
            bundle.annotate("org.unitc.unit", note)
        container = t.detached(bundle, env=env)
        t.equal(cgroup.of_process(container.pid), f"/system.slice/{_unit(container.id)}", "cgroup")
        t.ok("delete", "--force", container.id)


@test(peers="")
def what_has_changed_since_stays_after_a_restart(t):
    bundle = _out(t, t.bundle(shell=_OBEDIENT))
    bundle.resources["pids"] = {"limit": 20}
    container = _detached(t, bundle)
    t.check(until(lambda: "up" in bundle.told(), 10), "the program is not up")
    t.ok("update", "--pids-limit", "30", container.id)
    t.equal(t.command("systemctl", "restart", container.unit).status, 0, "status of systemctl restart")
    t.equal(_show(container.id, "TasksMax"), "30", "limit of the unit")
    # The bundle is not asked again, and may be another's by now.
    os.unlink(os.path.join(bundle.path, "config.json"))
    t.equal(t.command("systemctl", "restart", container.unit).status, 0, "status of systemctl restart")
    t.ok("delete", "--force", container.id)


@test(peers="")
def a_terminal_comes_to_the_caller(t):
    console = ConsoleSocket(t.path("console.sock"))
    t.finally_do(console.close)
    bundle = t.bundle(shell="tty; read x; echo got $x; exec sleep 600")
    bundle.process["terminal"] = True
    container = _detached(t, bundle, "--console-socket", console.path)
    master, _ = console.receive()
    t.finally_do(lambda: os.close(master))
    os.write(master, b"word\n")
    t.contains(read_all(master, "got word"), "/dev/pts/0", "got word")
    t.ok("delete", "--force", container.id)
    bundle = t.bundle(shell="tty; read x; exit $x")
    bundle.process["terminal"] = True
    bundle.save()
    run = Foreground(t.rt.argv(["run", "--bundle", bundle.path, _MODE, t.id()]))
    t.finally_do(run.close)
    t.contains(run.read_until("/dev/pts/0"), "/dev/pts/0")
    run.write("7\n")
    t.equal(run.wait(), 7, "status of run")


@test(peers="")
def a_program_speaks_to_systemd_itself(t):
    bundle = t.bundle("/notifier", "say:READY=1\nSTATUS=fine", "barrier:5000").bind(t.program("notifier"), "/notifier", "ro")
    _refused(t, bundle.annotate(_PROPERTY + "Type", "'notify'"), words=(_PROPERTY + "Type", "needs a user namespace"))
    container = _detached(t, bundle.annotate(_PROPERTY + "NotifyAccess", "'all'"))
    t.equal(_show(container.id, "ActiveState", "StatusText", "MainPID"), ("active", "fine", str(container.pid)), "unit")
    t.equal(process.status(container.pid)["PPid"], "1", "parent of the first process")
    t.equal(_own_processes(), [], "processes of unitc")
    t.ok("exec", container.id, "/notifier", "say:STATUS=exec", "barrier:5000", "exit:0")
    _becomes(t, container.id, "StatusText", "exec")
    t.ok("delete", "--force", container.id)


@test(peers="")
def one_with_users_of_its_own_speaks_too(t):
    bundle = t.bundle("/notifier", "say:READY=1\nSTATUS=mapped", "barrier:5000")
    bundle.bind(t.program("notifier"), "/notifier", "ro").annotate(_PROPERTY + "Type", "'notify'")
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle.linux.update(uidMappings=ids, gidMappings=ids)
    bundle.linux["namespaces"].append({"type": "user"})
    for parent, _, _ in os.walk(bundle.rootfs):
        os.chown(parent, 100000, 100000)
    container = _detached(t, bundle)
    t.equal(_show(container.id, "ActiveState", "StatusText"), ("active", "mapped"), "unit")
    stranger = os.getpid()
    t.ok("exec", container.id, "/notifier", f"say:MAINPID={stranger}\nSTATUS=tried", "barrier:5000", "exit:0")
    _becomes(t, container.id, "StatusText", "tried")
    t.equal(_show(container.id, "MainPID"), str(container.pid), "main process")
    t.ok("delete", "--force", container.id)


@test(peers="")
def the_watchdog_fires(t):
    bundle = t.bundle("/notifier", "say:READY=1", "barrier:5000").bind(t.program("notifier"), "/notifier", "ro")
    bundle.annotate(_PROPERTY + "Type", "'notify'").annotate(_PROPERTY + "NotifyAccess", "'all'")
    bundle.annotate(_PROPERTY + "WatchdogUSec", "uint64 500000").annotate(_PROPERTY + "WatchdogSignal", "9")
    container = _detached(t, bundle)
    t.contains(" ".join(process.environment(container.pid)), "WATCHDOG_USEC=500000")
    _becomes(t, container.id, "Result", "watchdog")
    t.equal(t.state(container.id)["status"], "stopped", "state")
    t.ok("delete", container.id)


@test(peers="")
def a_stored_descriptor_survives_a_restart(t):
    bundle = t.bundle("/notifier", "passed", "store:mine=kept", "say:READY=1", "barrier:5000")
    bundle.bind(t.program("notifier"), "/notifier", "ro").annotate(_PROPERTY + "FileDescriptorStoreMax", "uint32 4")
    bundle.annotate(_PROPERTY + "Type", "'notify'").annotate(_PROPERTY + "NotifyAccess", "'all'")
    container = _detached(t, bundle)
    container.wait_for_output("passed 0 named -")
    t.equal(_show(container.id, "NFileDescriptorStore"), "1", "descriptors in store")
    t.equal(t.command("systemctl", "restart", container.unit).status, 0, "status of systemctl restart")
    container.wait_for_output("fd 3 holds 'kept'")
    t.contains(container.output(), "passed 1 named mine")
    t.ok("delete", "--force", container.id)


@test(peers="", seconds=60)
def a_start_that_fails_leaves_nothing(t):
    _refused(t, t.bundle("/nothing/there"), words=("/nothing/there",))
    bundle = t.bundle("true")
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "exit 5"]}]}
    _refused(t, bundle, words=("createRuntime",))
    bundle = t.bundle("sleep", "600")
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "exit 5"]}]}
    _refused(t, bundle, words=("poststart",))
    _refused(t, t.bundle("/notifier", "exit:4").bind(t.program("notifier"), "/notifier", "ro")
             .annotate(_PROPERTY + "Type", "'notify'").annotate(_PROPERTY + "NotifyAccess", "'all'"),
             words=("ended before its program was ready",))
    bundle = t.bundle("sleep", "600").annotate(_PROPERTY + "Type", "'notify'").annotate(_PROPERTY + "NotifyAccess", "'all'")
    _refused(t, bundle, words=("wait for the READY",), options=("--timeout", "2"))
    _refused(t, t.bundle("true"), "--pid-file", "/nowhere/pid", words=("--pid-file",))


@test(peers="", seconds=60)
def what_cannot_be_is_refused_by_its_name(t):
    true = ("true",)
    _refused(t, t.bundle(*true), verb="create", words=("--unit=service", "`run` does both"))
    _refused(t, t.bundle(*true), "--no-new-keyring", words=("--no-new-keyring",))
    with open("/dev/null") as null:
        _refused(t, t.bundle(*true), "--preserve-fds", "1", words=("--preserve-fds",),
                 preexec=lambda: os.dup2(null.fileno(), 3), pass_fds=(3,) if null.fileno() == 3 else (null.fileno(), 3))
    bundle = t.bundle(*true)
    bundle.resources["pids"] = {"limit": 1}
    _refused(t, bundle, words=("linux.resources.pids.limit", "at least 4"))
    _refused(t, t.bundle(*true).annotate(_PROPERTY + "WatchdogUSec", "uint64 1"), words=(_PROPERTY + "WatchdogUSec", "only beside"))
    t.fails(t.bundle(*true).annotate(_PROPERTY + "Restart", "'always'"), words=(_PROPERTY + "Restart", "--unit=service"))
    t.fails(t.bundle(*true).annotate(_PROPERTY + "Restart", "'always'"), _MODE, words=("Restart", "only with --detach"))
    for kind, flag in (("net", "-n"), ("mnt", "-m")):
        _refused(t, t.bundle(*true), words=(f"another namespace ({kind})",), wrap=("unshare", flag))


@test(peers="")
def an_id_that_is_taken_is_refused(t):
    container = _obedient(t)
    again = t.call("run", "-d", "--bundle", container.bundle.path, _MODE, container.id)
    t.equal(again.status, 1, "exit status")
    t.one_error(again, "container with given ID already exists")
    other = t.call("run", "-d", "--bundle", container.bundle.path, _MODE, container.id, options=("--root", t.path("root")))
    t.equal(other.status, 1, "exit status below another root")
    t.contains(messages(other.err), "already")
    t.check(not os.path.exists(os.path.join(t.path("root"), container.id)), "a record is left")
    t.equal(t.state(container.id)["status"], "running", "state of the first one")


@test(peers="", seconds=120)
def whoever_is_killed_at_a_random_moment_leaves_it_done_or_clean(t):
    bundle = t.bundle("sleep", "600").save()
    took = min(t.ok("run", "-d", "-b", bundle.path, _MODE, t.id()).seconds for _ in range(3))
    chance = random.Random(t.name)
    for victim in ("caller", "service") * 10:
        identity = t.id()
        t.story.clear()
        with open(t.path("crash.out"), "w") as out:
            child = subprocess.Popen(t.rt.argv(["run", "-d", "-b", bundle.path, _MODE, identity]), stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=out, start_new_session=True)
        moment = chance.uniform(0, took)
        time.sleep(moment)  # the moment of the crash, not a synchronisation
        if victim == "caller":
            child.kill()
        else:
            for (pid, _), words in process.everything().items():
                if "start-service" in words and words.endswith(identity):
                    os.kill(pid, signal.SIGKILL)
        child.wait(30)
        with open(t.path("crash.out")) as told:
            t.story.append(f"{victim} killed after {moment * 1000:.2f} ms: status {child.returncode}, {told.read()}")
        t.check(until(lambda: not _own_processes(), 10), "the start goes on")
        if victim == "service" and child.returncode != 0:
            t.gone(identity)
            t.check(not systemd.loaded(_unit(identity)), "a unit is left")
        t.ok("delete", "--force", identity)
        t.check(until(lambda: not systemd.loaded(_unit(identity))), "the unit outlived delete")
        t.ok("run", "-d", "-b", bundle.path, _MODE, identity)
        t.ok("delete", "--force", identity)
