# SPDX-License-Identifier: Apache-2.0
"""Containers in the cgroup of the service that runs unitc: --unit=self."""

import json
import os
import signal

from lab import cgroup, systemd, test, until
from lab.service import Unit, command, service

_OBEDIENT = "trap 'echo TERM >>/out/told; exit 0' TERM; echo up >>/out/told; while :; do sleep 0.05; done"
_DELEGATED = ("Delegate=yes",)


def _bundle(t, shell=_OBEDIENT):
    out = t.path(t.fresh_name("out"))
    os.mkdir(out)
    bundle = t.bundle(shell=shell).bind(out, "/out")
    bundle.out = out
    bundle.told = lambda: open(os.path.join(out, "told")).read().split() if os.path.exists(os.path.join(out, "told")) else []
    return bundle


def _foreground(t, bundle, *lines, flags=("--unit=self",)):
    bundle.save()
    identity = t.id()
    return service(t, "Type=exec", "KillMode=mixed", "TimeoutStopSec=5", f"ExecStart={command(t, 'run', '--bundle', bundle.path, *flags, identity)}",
                   f"ExecStopPost={command(t, 'delete', '--force', identity)}", *lines), identity


def _running(t, bundle, *lines, flags=("--unit=self",)):
    unit, identity = _foreground(t, bundle, *(lines or _DELEGATED), flags=flags)
    unit.control("start")
    t.check(until(lambda: "up" in bundle.told(), 10), f"the program is not up:\n{systemd.status(unit.name)}")
    return unit, identity


def _refused(t, bundle, *lines, words, flags=("--unit=self",)):
    """The service fails with that error, and nothing is left."""
    bundle.save()
    identity, log = t.id(), t.path(t.fresh_name("log"))
    unit = service(t, "Type=oneshot", f"ExecStart={command(t, 'run', '-d', '--bundle', bundle.path, *flags, identity)}",
                   f"StandardError=file:{log}", *lines)
    unit.control("start", status=1)
    with open(log) as file:
        text = file.read()
    t.contains(text, *words)
    t.check(not os.path.exists(os.path.join(t.rt.root, identity)), "a record is left")


@test(peers="")
def the_container_is_in_its_services_cgroup(t):
    bundle = _bundle(t)
    unit, identity = _running(t, bundle)
    pid = t.state(identity)["pid"]
    t.equal(cgroup.of_process(pid), f"/system.slice/{unit.name}/unitc-{identity}", "cgroup of the first process")
    t.equal(cgroup.of_process(int(unit.show("MainPID"))), f"/system.slice/{unit.name}/unitc", "cgroup of unitc")
    t.check(not systemd.loaded(t.rt.unit(identity)), "there is a scope")
    t.contains(systemd.status(unit.name), f"unitc-{identity}")
    unit.control("stop")
    t.equal((unit.show("Result"), bundle.told()), ("success", ["up", "TERM"]), "result and what the program was told")
    t.gone(identity)


@test(peers="")
def every_verb_works_there(t):
    bundle = _bundle(t)
    unit, identity = _running(t, bundle)
    group = cgroup.path(f"/system.slice/{unit.name}/unitc-{identity}")
    t.contains(t.ok("list").out, identity)
    t.contains(t.ok("exec", identity, "cat", "/proc/self/cgroup").out, "0::/\n")
    t.check(t.state(identity)["pid"] in json.loads(t.ok("ps", "--format", "json", identity).out), "ps lacks the first process")
    t.check(json.loads(t.ok("events", "--stats", identity).out)["data"]["pids"]["current"] >= 1, "events")
    t.ok("pause", identity)
    t.equal((t.state(identity)["status"], "frozen 1" in cgroup.read(group, "cgroup.events")), ("paused", True), "after pause")
    t.equal(unit.show("ActiveState", "FreezerState"), ("active", "running"), "the service")
    t.ok("resume", identity)
    t.equal(t.state(identity)["status"], "running", "after resume")
    refused = t.call("update", "--pids-limit", "20", identity)
    t.equal(refused.status, 1, "status of update")
    t.one_error(refused, f"in the cgroup of '{unit.name}'", "systemctl set-property")
    t.ok("kill", identity, "KILL")
    unit.wait("ActiveState", "failed")
    t.gone(identity)


@test(peers="", lane="both")
def other_devices_are_denied_after_a_reload_too(t):
    script = "mknod /dev/kmsg c 1 11; mknod /dev/k c 1 5; echo up >>/out/told; while [ ! -e /out/go ]; do sleep 0.05; done;" \
             " head -c 1 /dev/zero | wc -c >>/out/told; head -c 1 /dev/kmsg >/dev/null 2>&1 && echo OPENED >>/out/told;" \
             " echo done >>/out/told; trap 'exit 0' TERM; while :; do sleep 0.05; done"
    for rules, wanted in (([], ["up", "1", "done"]), ([{"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}], ["up", "1", "OPENED", "done"])):
        bundle = _bundle(t, script).capabilities("CAP_MKNOD", "CAP_SYSLOG", "CAP_DAC_OVERRIDE")
        bundle.resources["devices"] = rules
        unit, _ = _running(t, bundle)
        systemd.control("daemon-reload")
        with open(os.path.join(bundle.out, "go"), "w"):
            pass
        t.check(until(lambda: "done" in bundle.told(), 10), "the program did not end")
        t.equal(bundle.told(), wanted, f"what the program saw with {rules}")
        unit.control("stop")


@test(peers="")
def two_containers_share_a_service(t):
    first, second = _bundle(t), _bundle(t)
    unit, one = _running(t, first)
    second.save()
    two = t.id()
    # In the service's cgroup, as its ExecReload= and the like are.
    words = t.rt.argv(["run", "-d", "--unit=self", "--bundle", second.path, two])
    script = f"echo $$ >/sys/fs/cgroup/system.slice/{unit.name}/unitc/cgroup.procs && exec \"$@\""
    t.equal(t.command("sh", "-c", script, "sh", *words).status, 0, "status of the second")
    t.check(until(lambda: "up" in second.told(), 10), "the second is not up")
    t.equal(cgroup.of_process(t.state(two)["pid"]), f"/system.slice/{unit.name}/unitc-{two}", "cgroup of the second")
    t.ok("delete", "--force", two)
    t.equal((t.state(one)["status"], unit.show("ActiveState")), ("running", "active"), "the first and the service")
    t.gone(two)


@test(peers="")
def systemctl_kill_reaches_the_container(t):
    bundle = _bundle(t)
    unit, identity = _running(t, bundle)
    unit.control("kill", "--signal=TERM")
    unit.wait("ActiveState", "inactive")
    t.check(set(bundle.told()) == {"up", "TERM"}, f"the program was told {bundle.told()}")
    t.gone(identity)
    bundle = _bundle(t)
    unit, identity = _running(t, bundle)
    unit.control("kill", "--signal=KILL")
    unit.wait("ActiveState", "failed")
    t.equal(bundle.told(), ["up"], "what the program was told")
    t.gone(identity)


@test(peers="", seconds=90)
def nothing_is_left_however_unitc_is_killed(t):
    for mode in ("mixed", "control-group", "process"):
        bundle = _bundle(t)
        unit, identity = _running(t, bundle, *_DELEGATED, f"KillMode={mode}")
        os.kill(int(unit.show("MainPID")), signal.SIGKILL)
        unit.wait("ActiveState", "failed")
        t.gone(identity)
        # Its cgroup was divided: it must take a main process again.
        unit.control("start")
        t.check(until(lambda: bundle.told().count("up") == 2, 10), f"the program is not up again after {mode}:\n{systemd.status(unit.name)}")
        unit.control("stop")
        t.gone(identity)


@test(peers="")
def a_record_that_was_left_is_no_obstacle(t):
    bundle = _bundle(t)
    bundle.save()
    identity = t.id()
    unit = service(t, "Type=exec", *_DELEGATED, f"ExecStartPre={command(t, 'delete', '--force', identity)}",
                   f"ExecStart={command(t, 'run', '--unit=self', '--bundle', bundle.path, identity)}", more=["[Unit]\nStartLimitIntervalSec=0"])
    unit.control("start")
    t.check(until(lambda: "up" in bundle.told(), 10), "the program is not up")
    unit.control("kill", "--signal=KILL")
    unit.wait("ActiveState", "failed")
    t.equal(t.state(identity)["status"], "stopped", "status of what is left")
    unit.control("start")
    t.check(until(lambda: bundle.told().count("up") == 2, 10), "the program is not up again")
    unit.control("stop")


@test(peers="")
def the_container_cannot_reach_beyond_its_group(t):
    script = "mkdir /tmp/c; mount -t cgroup2 none /tmp/c || echo NOMOUNT; cd /tmp/c; grep ^0: /proc/self/cgroup; for f in /tmp/c/*; do [ -d $f ] && echo $f; done;" \
             " cat cgroup.procs | wc -l;"
    # Without it (nsdelegate, as systemd mounts it) every container may write its own limits.
    with open("/proc/mounts") as file:
        delegates = any(line.split()[2] == "cgroup2" and "nsdelegate" in line for line in file)
    if delegates:
        script += " echo 0 >cgroup.freeze && echo FROZE; echo max >pids.max && echo LIFTED;"
    script += " echo done"
    bundle = t.bundle(shell=f"{{ {script}; }} >/out/new 2>/out/errors; mv /out/new /out/told; trap 'exit 0' TERM; while :; do sleep 0.05; done")
    bundle.capabilities("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE").mount("/tmp", "tmpfs", "tmpfs")
    out = t.path("out")
    os.mkdir(out)
    bundle.bind(out, "/out")
    unit, _ = _foreground(t, bundle, *_DELEGATED)
    unit.control("start")
    t.check(until(lambda: os.path.exists(os.path.join(out, "told")), 10), "the program did not end")
    with open(os.path.join(out, "told")) as file:
        t.equal(file.read().split(), ["0::/", "3", "done"], "what the program could do")


@test(peers="")
def status_and_logs_are_of_the_service(t):
    bundle = _bundle(t)
    unit, identity = _running(t, bundle)
    shown = t.ok("status", identity).out
    t.contains(shown, f"Unit: {unit.name}", f"CGroup: /system.slice/{unit.name}/unitc-{identity}")
    t.check(until(lambda: f"Started {unit.name}" in t.ok("logs", "--no-pager", identity).out, 10), "the journal of the service is not shown")
    t.contains(t.ok("top", "-n", "1").out, identity)


@test(peers="")
def delete_ends_it_alone(t):
    bundle = _bundle(t)
    bundle.save()
    identity = t.id()
    unit = service(t, "Type=oneshot", "RemainAfterExit=yes", *_DELEGATED,
                   f"ExecStart={command(t, 'create', '--unit=self', '--bundle', bundle.path, identity)}",
                   f"ExecStart={command(t, 'start', identity)}")
    unit.control("start")
    t.ok("pause", identity)
    t.ok("delete", "--force", identity)
    t.equal(unit.show("ActiveState"), "active", "state of the service")
    t.check(not os.path.exists(cgroup.path(f"/system.slice/{unit.name}/unitc-{identity}")), "the group is left")
    t.gone(identity)


@test(peers="")
def a_forking_service_has_its_main_process_within(t):
    bundle = _bundle(t)
    bundle.save()
    identity, pid_file = t.id(), t.path("pid")
    unit = service(t, "Type=forking", f"PIDFile={pid_file}", *_DELEGATED,
                   f"ExecStart={command(t, 'run', '-d', '--unit=self', '--pid-file', pid_file, '--bundle', bundle.path, identity)}",
                   f"ExecStopPost={command(t, 'delete', '--force', identity)}", more=["[Unit]\nStartLimitIntervalSec=0"])
    for verb in ("start", "restart", "restart"):
        unit.control(verb)
        t.equal(unit.show("ActiveState", "MainPID"), ("active", str(t.state(identity)["pid"])), "state and main process")
    os.kill(int(unit.show("MainPID")), signal.SIGKILL)
    unit.wait("ActiveState", "failed")
    t.gone(identity)


@test(peers="", lane="both")
def limits_are_those_of_the_config_after_a_reload_too(t):
    t.machine_needs({"memory", "pids"} <= t.machine.controllers, "needs the controllers memory and pids")
    bundle = _bundle(t)
    bundle.resources.update(memory={"limit": 67108864, "swap": 67108864}, pids={"limit": 50}, cpu={"quota": 20000, "period": 50000})
    unit, identity = _running(t, bundle)
    group = cgroup.path(f"/system.slice/{unit.name}/unitc-{identity}")
    before = cgroup.settings(group)
    t.equal((before["memory.max"], before["pids.max"], before["cpu.max"]), ("67108864\n", "50\n", "20000 50000\n"), "limits")
    for verb in ("daemon-reload", "daemon-reexec"):
        systemd.control(verb)
        t.equal(cgroup.settings(group), before, f"settings after {verb}")
    # A cgroup that hands down controllers may hold no process itself, the
    # restarted unitc included.
    unit.control("restart")
    t.check(until(lambda: bundle.told().count("up") == 2, 10), f"the program is not up again:\n{systemd.status(unit.name)}")
    t.equal(cgroup.settings(group), before, "settings after restart")


@test(peers="")
def an_annotation_or_the_environment_asks_for_it(t):
    for note, lines in (("self", []), (None, ["Environment=UNITC_UNIT=self"])):
        bundle = _bundle(t)
        if note:
            bundle.annotate("org.unitc.unit", note)
        unit, identity = _running(t, bundle, *_DELEGATED, *lines, flags=())
        t.equal(cgroup.of_process(t.state(identity)["pid"]), f"/system.slice/{unit.name}/unitc-{identity}", "cgroup")
        unit.control("stop")


@test(peers="")
def the_programs_of_root_can_watch_for_memory_pressure(t):
    t.machine_needs(t.machine.systemd >= 254, "MemoryPressureWatch= needs systemd 254")
    t.machine_needs(os.path.exists(cgroup.path("/system.slice/memory.pressure")), "needs pressure stall information of cgroups")
    script = "env | grep ^MEMORY_PRESSURE >/out/told; stat -c %n /run/host/memory.pressure >>/out/told; echo done >>/out/told; trap 'exit 0' TERM; while :; do sleep 0.05; done"
    for lines in (("MemoryPressureWatch=on",), ("MemoryPressureWatch=on", "DelegateSubgroup=supervisor")):
        bundle = _bundle(t, script).mount("/run", "tmpfs", "tmpfs", "nosuid")
        unit, identity = _foreground(t, bundle, *_DELEGATED, *lines)
        unit.control("start")
        t.check(until(lambda: "done" in bundle.told(), 10), "the program did not end")
        told = bundle.told()
        t.contains(" ".join(told), "MEMORY_PRESSURE_WATCH=/run/host/memory.pressure", "MEMORY_PRESSURE_WRITE=", " /run/host/memory.pressure done")
        write = next(word.split("=", 1)[1] for word in told if word.startswith("MEMORY_PRESSURE_WRITE="))
        t.ok("exec", identity, "sh", "-c", f"exec 3<>/run/host/memory.pressure && echo {write} | base64 -d >&3")
        unit.control("stop")
    bundle = _bundle(t, script).mount("/run", "tmpfs", "tmpfs", "nosuid")
    unit, _ = _foreground(t, bundle, *_DELEGATED, "MemoryPressureWatch=off")
    unit.control("start")
    t.check(until(lambda: "done" in bundle.told(), 10), "the program did not end")
    t.equal(bundle.told(), ["MEMORY_PRESSURE_WATCH=/dev/null", "done"], "what the program found where it is not to watch")


@test(peers="")
def a_group_for_unitc_of_systemds_own_is_respected(t):
    t.machine_needs(t.machine.systemd >= 254, "DelegateSubgroup= needs systemd 254")
    bundle = _bundle(t)
    unit, _ = _running(t, bundle, *_DELEGATED, "DelegateSubgroup=supervisor")
    t.equal(cgroup.of_process(int(unit.show("MainPID"))), f"/system.slice/{unit.name}/supervisor", "cgroup of unitc")


@test(peers="", seconds=60)
def what_cannot_be_is_refused_by_its_name(t):
    true = ("true",)
    _refused(t, t.bundle(*true), words=("--unit=self", "needs 'Delegate=yes'"))
    bundle = t.bundle(*true)
    bundle.linux["cgroupsPath"] = "/x/y"
    _refused(t, bundle, *_DELEGATED, words=("linux.cgroupsPath: the container is to be in the cgroup of",))
    _refused(t, t.bundle(*true).annotate("org.systemd.property.TasksMax", "uint64 9"), *_DELEGATED,
             words=("annotations.org.systemd.property.TasksMax: the container is to be in the cgroup of",))
    bundle = t.bundle(*true)
    bundle.resources["blockIO"] = {"weight": 300}
    _refused(t, bundle, *_DELEGATED, words=("IOWeight cannot be set",))
    _refused(t, t.bundle(*true), *_DELEGATED, flags=("--unit=self", "--part-of=no"), words=("option --part-of: 'no' is not with --unit=self",))
    _refused(t, t.bundle(*true).annotate("org.unitc.part-of", "no"), *_DELEGATED,
             words=("annotations.org.unitc.part-of 'no': 'no' is not with --unit=self",))
    t.fails(t.bundle(*true), "--unit=self", words=("--unit=self: unitc does not run in a service",),
            wrap=("systemd-run", "--quiet", "--scope", f"--unit={t.fresh_name('x')}"))
    t.fails(t.bundle(*true), "--unit=slice", words=("option --unit 'slice': must be scope, service or self",))
    t.fails(t.bundle(*true), words=("environment variable UNITC_UNIT 'slice': must be scope, service or self",),
            env=dict(os.environ, UNITC_UNIT="slice"))
    t.fails(t.bundle(*true).annotate("org.unitc.unit", "self"), words=("annotations.org.unitc.unit 'self'", "executed unitc itself"))


@test(peers="", lane="both")
def a_controller_that_is_not_delegated_is_named(t):
    t.machine_needs({"memory", "pids"} <= t.machine.controllers, "needs the controllers memory and pids")
    bundle = t.bundle("true")
    bundle.resources["memory"] = {"limit": 67108864}
    poor = Unit(t, "systestpoor.slice", "[Slice]\nDisableControllers=memory\n")
    _refused(t, bundle, *_DELEGATED, f"Slice={poor.name}", words=("the controller 'memory' is not delegated to",))
