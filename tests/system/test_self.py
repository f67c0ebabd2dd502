# SPDX-License-Identifier: Apache-2.0
"""Containers in the cgroup of the service that runs unitc: --unit=self."""

import json
import os
import signal

from lab import cgroup, systemd, test, until
from lab.service import command, service

_OBEDIENT = "trap 'echo TERM >>/out/told; exit 0' TERM; echo up >>/out/told; while :; do sleep 0.05; done"
_DELEGATED = ("Delegate=yes", "DevicePolicy=closed", "DeviceAllow=char-pts rw")


def _bundle(t):
    out = t.path(t.fresh_name("out"))
    os.mkdir(out)
    bundle = t.bundle(shell=_OBEDIENT).bind(out, "/out")
    bundle.told = lambda: open(os.path.join(out, "told")).read().split() if os.path.exists(os.path.join(out, "told")) else []
    return bundle


def _foreground(t, bundle, *lines, flags=("--unit=self",)):
    bundle.save()
    identity = t.id()
    return service(t, "Type=exec", "KillMode=mixed", f"ExecStart={command(t, 'run', '--bundle', bundle.path, *flags, identity)}",
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
def a_group_for_unitc_of_systemds_own_is_respected(t):
    t.machine_needs(t.machine.systemd >= 254, "DelegateSubgroup= needs systemd 254")
    bundle = _bundle(t)
    unit, _ = _running(t, bundle, *_DELEGATED, "DelegateSubgroup=supervisor")
    t.equal(cgroup.of_process(int(unit.show("MainPID"))), f"/system.slice/{unit.name}/supervisor", "cgroup of unitc")


@test(peers="", seconds=60)
def what_cannot_be_is_refused_by_its_name(t):
    true = ("true",)
    _refused(t, t.bundle(*true), words=("--unit=self", "needs 'Delegate=yes'"))
    _refused(t, t.bundle(*true), "Delegate=yes", words=("--unit=self", "needs 'DevicePolicy=closed'"))
    bundle = t.bundle(*true)
    bundle.linux["cgroupsPath"] = "/x/y"
    _refused(t, bundle, *_DELEGATED, words=("linux.cgroupsPath: the container is to be in the cgroup of",))
    _refused(t, t.bundle(*true).annotate("org.systemd.property.TasksMax", "uint64 9"), *_DELEGATED,
             words=("annotations.org.systemd.property.TasksMax: the container is to be in the cgroup of",))
    bundle = t.bundle(*true)
    bundle.resources["devices"] = [{"allow": True, "type": "c", "major": 10, "minor": 200, "access": "rwm"}]
    _refused(t, bundle, *_DELEGATED, words=("linux.resources.devices[0]", "whose DeviceAllow= counts"))
    bundle = t.bundle(*true)
    bundle.resources["blockIO"] = {"weight": 300}
    _refused(t, bundle, *_DELEGATED, words=("IOWeight cannot be set",))
    _refused(t, t.bundle(*true), *_DELEGATED, flags=("--unit=self", "--part-of=no"), words=("option --part-of 'no': not with --unit=self",))
    t.fails(t.bundle(*true), "--unit=self", words=("--unit=self: unitc does not run in a service",),
            wrap=("systemd-run", "--quiet", "--scope", f"--unit={t.fresh_name('x')}"))
    t.fails(t.bundle(*true), "--unit=slice", words=("option --unit 'slice': must be scope or self",))
    t.fails(t.bundle(*true), words=("environment variable UNITC_UNIT 'slice': must be scope or self",),
            env=dict(os.environ, UNITC_UNIT="slice"))
    t.fails(t.bundle(*true).annotate("org.unitc.unit", "self"), words=("annotations.org.unitc.unit 'self'", "executed unitc itself"))


@test(peers="", lane="both")
def a_controller_that_is_not_delegated_is_named(t):
    t.machine_needs({"memory", "pids"} <= t.machine.controllers, "needs the controllers memory and pids")
    bundle = t.bundle("true")
    bundle.resources["memory"] = {"limit": 67108864}
    _refused(t, bundle, "Delegate=pids", *_DELEGATED[1:], "DisableControllers=memory",
             words=("the controller 'memory' is not delegated to",))
