# SPDX-License-Identifier: Apache-2.0
"""--register: a container as a machine of systemd-machined, as machinectl shows it and works on it."""

import os
import shutil
import subprocess

from lab import cgroup, systemd, test, until
from lab.service import command, service


def _start_machined(t):
    """Until the end of the test; machined has a slice of its own made, which stays until somebody stops it."""
    t.machine_needs(shutil.which("machinectl"), "needs machinectl (systemd-container) in the machine")
    t.finally_do(lambda: systemd.control("stop", "systemd-machined.service", "machine.slice"))
    _machinectl(t, "list")


def _machinectl(t, *words, status=0):
    result = t.command("machinectl", "--no-pager", *words)
    if status is not None:
        t.equal(result.status, status, f"exit status of machinectl {words[0]}")
    return result


def _machines(t):
    return [line.split()[0] for line in _machinectl(t, "list", "--no-legend").lines if line.strip()]


def _show(t, name):
    return dict(line.split("=", 1) for line in _machinectl(t, "show", name).lines)


def _forgotten(t, name):
    t.check(until(lambda: name not in _machines(t)), f"machined still knows {name}")


def _machined_is_active():
    return subprocess.run(["systemctl", "is-active", "--quiet", "systemd-machined.service"]).returncode == 0


def _stop_machined(t):
    systemd.control("stop", "systemd-machined.service")
    t.check(until(lambda: not _machined_is_active()), "machined does not stop")


def _registered(t, *args, writable=False, **options):
    _start_machined(t)
    return t.detached(t.bundle(*(args or ("sleep", "1000")), writable=writable), "--register", "yes", **options)


@test(peers="")
def a_registered_container_is_a_machine(t):
    c = _registered(t)
    t.equal(c.result.err, "", "standard error")
    shown = _show(t, c.id)
    wanted = {"Name": c.id, "Class": "container", "Service": "unitc", "Unit": c.unit, "Leader": str(c.pid),
              "RootDirectory": c.bundle.rootfs, "State": "running"}
    t.equal({name: shown.get(name) for name in wanted}, wanted, "what machinectl shows")
    t.contains(_machinectl(t, "status", c.id).out, f"Unit: {c.unit}", "sleep 1000")
    t.ok("delete", "--force", c.id)
    _forgotten(t, c.id)


@test(peers="")
def created_and_foreground_containers_are_machines_too(t):
    _start_machined(t)
    c = t.created(t.bundle("sleep", "1000"), "--register=yes")
    t.equal(_show(t, c.id)["Leader"], str(c.pid), "leader of the created one")
    identity = t.id()
    result = t.run(t.bundle("true"), "--register=yes", identity=identity)
    t.equal((result.out, result.err), ("", ""), "what run prints")
    _forgotten(t, identity)


@test(peers="")
def machinectl_kills_and_terminates_it(t):
    c = _registered(t, "sh", "-c", "trap 'echo heard' USR1; trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    c.wait_for_output("ready")
    leader = "--kill-whom=leader" if systemd.version() >= 253 else "--kill-who=leader"
    _machinectl(t, "kill", leader, "--signal=USR1", c.id)
    c.wait_for_output("heard")
    _machinectl(t, "terminate", c.id)
    c.wait_stopped()
    t.no_unit(c.id)
    _forgotten(t, c.id)


@test(peers="")
def machinectl_copies_into_it(t):
    c = _registered(t, writable=True)
    source = t.path("source")
    with open(source, "w") as file:
        file.write("from the host\n")
    _machinectl(t, "copy-to", c.id, source, "/tmp/copied")
    with open(c.bundle.inside("/tmp/copied")) as file:
        t.equal(file.read(), "from the host\n", "the copy")
    _machinectl(t, "copy-from", c.id, "/etc/passwd", t.path("passwd"))
    with open(t.path("passwd")) as file:
        t.contains(file.read(), "nobody:")


@test(peers="")
def machinectl_binds_into_it(t):
    t.machine_needs(systemd.version() >= 257, "needs systemd 257: before, only nspawn's containers take a bind mount")
    c = _registered(t, "sh", "-c", "until [ -e /mnt/file ]; do sleep 0.05; done; cat /mnt/file; exec sleep 1000")
    os.mkdir(t.path("shared"))
    with open(t.path("shared") + "/file", "w") as file:
        file.write("bound\n")
    _machinectl(t, "bind", c.id, t.path("shared"), "/mnt")
    c.wait_for_output("bound")


@test(peers="")
def an_id_that_is_no_host_name_gets_one(t):
    identity = t.id("a_b.c+")
    c = _registered(t, identity=identity)
    names = _machines(t)
    t.equal(len(names), 1, "machines")
    t.equal(_show(t, names[0])["Leader"], str(c.pid), "leader")
    t.equal(t.state(c.id)["pid"] in cgroup.processes(cgroup.path("/system.slice/" + _show(t, names[0])["Unit"])), True,
            "the unit is the container's")
    t.matches(names[0], "^" + identity.translate(str.maketrans("_.+", "---"))[:40] + "-[0-9a-f]{16}$", "name")
    t.ok("delete", "--force", c.id)
    _forgotten(t, names[0])


@test(peers="")
def a_name_is_free_again_at_once(t):
    _start_machined(t)
    bundle, identity = t.bundle("sleep", "1000"), t.id()
    for _ in range(10):
        c = t.detached(bundle, "--register=yes", identity=identity)
        t.equal(c.result.err, "", "warnings")
        t.equal(_show(t, identity)["Leader"], str(c.pid), "leader")
        t.ok("delete", "--force", identity)


@test(peers="")
def a_machine_that_outlived_its_container_is_replaced(t):
    """machined keeps a machine while a unit of that name is active, be it a later one: it was busy meanwhile."""
    c = _registered(t)
    t.finally_do(lambda: systemd.control("kill", "--signal=CONT", "systemd-machined.service"))
    systemd.control("kill", "--signal=STOP", "systemd-machined.service")
    t.ok("delete", "--force", c.id)
    with open(t.path("told"), "w") as told:
        run = subprocess.Popen(t.rt.argv(["run", "-d", "--register=yes", "--bundle", c.bundle.path, c.id]),
                               stdin=subprocess.DEVNULL, stdout=told, stderr=told)
    t.finally_do(run.wait)
    t.check(until(lambda: systemd.loaded(c.unit)), "the second unit does not come")
    systemd.control("kill", "--signal=CONT", "systemd-machined.service")
    t.equal((run.wait(20), open(t.path("told")).read()), (0, ""), "exit status and warnings")
    t.equal(_show(t, c.id)["Leader"], str(c.pid), "leader")


@test(peers="")
def a_name_that_is_taken_is_left_to_its_owner(t):
    """By another unit: a warning, and the container runs all the same."""
    identity = t.id()
    unit = t.fresh_name("owner") + ".scope"
    holder = subprocess.Popen(["systemd-run", "--quiet", "--scope", "--unit", unit, "sleep", "1000"])

    def end():
        holder.kill()
        holder.wait()
        systemd.control("stop", unit)

    t.finally_do(end)
    _start_machined(t)
    t.check(until(lambda: systemd.loaded(unit)), "the owner's unit does not start")
    t.equal(t.command("busctl", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1",
                      "org.freedesktop.machine1.Manager", "RegisterMachine", "sayssus", identity, "0", "test", "container",
                      str(holder.pid), "").status, 0, "registration of the owner")
    c = t.detached(t.bundle("sleep", "1000"), "--register=yes", identity=identity)
    t.contains(c.result.err, "level=warning", "not registered with systemd-machined", "exist")
    t.equal(_show(t, identity)["Leader"], str(holder.pid), "leader")
    t.equal(t.state(c.id)["status"], "running", "status")


@test(peers="")
def by_default_and_by_auto_machined_is_not_started(t):
    _start_machined(t)
    _stop_machined(t)
    for flags in ([], ["--register=auto"], ["--register=no"]):
        c = t.detached(t.bundle("sleep", "1000"), *flags)
        t.equal(c.result.err, "", f"standard error with {flags}")
        t.check(not _machined_is_active(), f"{flags} have started machined")
    t.equal(_machines(t), [], "machines")
    c = t.detached(t.bundle("sleep", "1000"), "--register=auto")
    t.equal(_machines(t), [c.id], "machines with auto, machined running")


@test(peers="")
def yes_starts_machined_and_no_machined_is_a_warning(t):
    _start_machined(t)
    _stop_machined(t)
    c = t.detached(t.bundle("sleep", "1000"), "--register=yes")
    t.equal((c.result.err, _machines(t)), ("", [c.id]), "warnings and machines")
    t.ok("delete", "--force", c.id)
    t.finally_do(lambda: systemd.control("unmask", "--runtime", "systemd-machined.service"))
    systemd.control("mask", "--runtime", "--now", "systemd-machined.service")
    c = t.detached(t.bundle("sleep", "1000"), "--register=yes")
    t.contains(c.result.err, "level=warning", "not registered with systemd-machined")
    t.equal(t.state(c.id)["status"], "running", "status")


@test(peers="")
def annotation_and_environment_decide_as_well(t):
    _start_machined(t)
    by_environment = {**os.environ, "UNITC_REGISTER": "yes"}
    c = t.detached(t.bundle("sleep", "1000"), env=by_environment)
    t.equal(_machines(t), [c.id], "machines by the environment")
    not_by_note = t.detached(t.bundle("sleep", "1000").annotate("org.unitc.register", "no"), env=by_environment)
    t.equal(_machines(t), [c.id], "machines beside one with the annotation 'no'")
    t.ok("delete", "--force", c.id)
    by_note = t.detached(t.bundle("sleep", "1000").annotate("org.unitc.register", "yes"))
    _forgotten(t, c.id)
    t.equal(_machines(t), [by_note.id], "machines by the annotation")
    t.equal(t.state(not_by_note.id)["status"], "running", "status")


@test(peers="")
def a_wrong_word_is_an_error_that_names_its_place(t):
    t.fails(t.bundle("true"), "--register=on", words=["--register", "yes, no or auto"])
    t.fails(t.bundle("true").annotate("org.unitc.register", "1"),
            words=["annotations.org.unitc.register '1'", "yes, no or auto"])
    t.fails(t.bundle("true"), env={**os.environ, "UNITC_REGISTER": "maybe"}, words=["UNITC_REGISTER", "yes, no or auto"])


@test(peers="")
def a_container_that_fails_leaves_no_machine(t):
    bundle = t.bundle("no-such-program")
    identity = t.id()
    bundle.save()
    _start_machined(t)
    result = t.call("run", "--register=yes", "--bundle", bundle.path, identity)
    t.check(result.status != 0, "it ran")
    _forgotten(t, identity)
    t.no_unit(identity)


@test(peers="")
def a_container_in_its_services_cgroup_is_a_machine(t):
    _start_machined(t)
    bundle, identity = t.bundle(shell="trap 'exit 0' TERM; while :; do sleep 0.05; done").save(), t.id()
    unit = service(t, "Type=notify", "TimeoutStopSec=5", "Delegate=yes", "SuccessExitStatus=143 SIGTERM", f"ExecStart={command(t, 'run', '--unit=self', '--ready=started', '--register=yes', '--bundle', bundle.path, identity)}")
    unit.control("start")
    shown = _show(t, identity)
    t.equal((shown["Unit"], shown["Leader"]), (unit.name, str(t.state(identity)["pid"])), "unit and leader")
    _machinectl(t, "terminate", identity)
    unit.wait("ActiveState", "inactive")
    _forgotten(t, identity)
    t.gone(identity)
