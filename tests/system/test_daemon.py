# SPDX-License-Identifier: Apache-2.0
"""unitcd, asked over the machine's own system bus."""

import json
import os
import shutil
import signal
import struct
import time
from xml.etree import ElementTree

from lab import cgroup, process, systemd, test, until
from lab import daemon as lab
from lab.daemon import Daemon
from lab.service import command, service
from lab.dbus import CALL, Client, ERROR, RETURN, padded, string

# An ordinary user, without polkit's help.
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
_NONE = 2 ** 64 - 1


def _sleeper(t, **annotations):
    bundle = t.bundle("sleep", "1000")
    for name, value in annotations.items():
        bundle.annotate(name.replace("_", "."), value)
    return t.detached(bundle)


# Reading


@test(peers="")
def the_bus_starts_it_for_a_caller(t):
    d = Daemon(t)
    t.check(not d.active(), "unitcd runs before anybody has asked")
    d.manager("List")
    t.check(d.active(), "unitcd does not run")


@test(peers="")
def containers_are_listed_and_found(t):
    d = Daemon(t)
    running, created = _sleeper(t), t.created(t.bundle("true"))
    wanted = {c.id: (status, t.state(c.id)["pid"], c.unit, lab.path(c.id)) for c, status in ((running, "running"), (created, "created"))}
    t.equal(d.listed(), wanted, "List")
    t.equal(d.manager("Get", "s", created.id), [lab.path(created.id)], "Get")
    t.equal(json.loads(d.raw("get-property", "org.unitc1", "/org/unitc1", "org.unitc1.Manager", "NContainers").out)["data"], 2, "NContainers")
    for name, words in (("unknown", "container 'unknown' does not exist"), ("../etc", "invalid id format"), ("", "cannot be empty"),
                        ("x" * 5000, "")):
        result = d.raw("call", "org.unitc1", "/org/unitc1", "org.unitc1.Manager", "Get", "s", name)
        t.equal(result.status, 1, f"Get of {name!r}")
        t.contains(result.err, words)


@test(peers="")
def an_object_has_what_state_and_systemd_say(t):
    d = Daemon(t)
    before = time.time()
    c = _sleeper(t, com_example_note="hällo", org_example_b="2")
    state = t.state(c.id)
    found = d.properties(c.id)
    wanted = {"Id": c.id, "Bundle": c.bundle.path, "Unit": c.unit, "Status": "running", "Pid": state["pid"],
              "Annotations": state["annotations"], "ControlGroup": systemd.properties(c.unit)["ControlGroup"]}
    t.equal({name: found[name] for name in wanted}, wanted, "properties")
    t.check(before - 1 < found["Created"] / 1e6 < time.time() + 1, f"Created is {found['Created']}")
    if cgroup.read(c.cgroup, "cpu.stat") is not None:
        t.check(0 < found["CPUUsageNSec"] < _NONE, f"CPUUsageNSec is {found['CPUUsageNSec']}")
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.no_unit(c.id)
    t.check(until(lambda: d.properties(c.id)["ControlGroup"] == ""), f"it has a group: {d.properties(c.id)}")
    found = d.properties(c.id)
    t.equal((found["Status"], found["Pid"], found["CPUUsageNSec"], found["TasksMax"]), ("stopped", 0, _NONE, _NONE), "a stopped one")


@test(peers="")
def an_ordinary_user_may_read(t):
    d = Daemon(t)
    c = _sleeper(t)
    t.equal([row[0] for row in d.manager("List", wrap=_NOBODY)[0]], [c.id], "List")
    t.equal(d.properties(c.id, wrap=_NOBODY)["Status"], "running", "Status")


def _interfaces(xml):
    """{name: its members, sorted} of the interfaces that are ours."""
    def told(element):
        return (element.tag, sorted(element.attrib.items()), [told(each) for each in element])

    nodes = ElementTree.fromstring(xml).findall("interface")
    return {node.get("name"): sorted(told(each) for each in node) for node in nodes if node.get("name").startswith("org.unitc1.")}


@test(peers="")
def introspection_says_what_the_files_say(t):
    d = Daemon(t)
    c = _sleeper(t)
    for path, name in (("/org/unitc1", "org.unitc1.Manager"), (lab.path(c.id), "org.unitc1.Container")):
        result = t.command("busctl", "call", "--json=short", "org.unitc1", path, "org.freedesktop.DBus.Introspectable", "Introspect")
        found = _interfaces(json.loads(result.out)["data"][0])
        t.equal(found, _interfaces(lab.source(f"dbus/{name}.xml")), f"introspection of {path}")
    told = t.command("busctl", "introspect", "org.unitc1", lab.path(c.id)).out
    t.matches(told, r"\.Status +property +s +\"running\" +emits-change")
    t.matches(told, r"\.Id +property +s .* const")
    t.check(d.active(), "unitcd does not run")


@test(peers="")
def all_objects_come_with_one_call(t):
    d = Daemon(t)
    ids = {_sleeper(t).id, t.created(t.bundle("true")).id}
    result = d.raw("call", "org.unitc1", "/org/unitc1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    objects = json.loads(result.out)["data"][0]
    t.equal(set(objects), {lab.path(name) for name in ids}, "objects")
    t.equal({each["org.unitc1.Container"]["Id"]["data"] for each in objects.values()}, ids, "ids")


@test(peers="")
def damaged_and_foreign_entries_are_no_objects(t):
    d = Daemon(t)
    c = _sleeper(t)
    for name, content in (("damaged", "{"), ("empty", "")):
        os.mkdir(f"{t.rt.root}/{name}")
        t.finally_do(lambda name=name: shutil.rmtree(f"{t.rt.root}/{name}"))
        with open(f"{t.rt.root}/{name}/state.json", "w") as file:
            file.write(content)
    os.mkdir(f"{t.rt.root}/none")
    t.finally_do(lambda: os.rmdir(f"{t.rt.root}/none"))
    t.equal(set(d.listed()), {c.id}, "List")


# Life


@test(peers="")
def it_comes_back_after_it_was_killed(t):
    d = Daemon(t)
    c = _sleeper(t)
    before = d.listed()
    first = d.pid()
    os.kill(first, signal.SIGKILL)
    t.check(until(lambda: not d.active()), "it runs on")
    t.equal(d.listed(), before, "List after the restart")
    t.check(d.pid() not in (0, first), "it is the same process")
    t.equal(t.state(c.id)["status"], "running", "the container's status")


@test(peers="")
def it_ends_when_nobody_asks(t):
    d = Daemon(t)
    d.options("--idle-timeout=1")
    d.manager("List")
    t.check(d.active(), "it does not run")
    t.check(lab.ended(d, 10), "it stays though nobody asks")
    t.equal(systemd.control("show", "-P", "Result", "unitcd.service").stdout.strip(), "success", "how it ended")
    d.manager("List")


@test(peers="")
def what_containers_do_keeps_nobody_up(t):
    d = Daemon(t)
    d.options("--idle-timeout=1")
    d.manager("List")
    bundle, begin = t.bundle("true").save(), time.monotonic()
    while d.active() and time.monotonic() - begin < 10 * t.scale:
        t.ok("run", "--bundle", bundle.path, t.id())
    t.check(not d.active(), "it stays though nobody asks")


@test(peers="")
def it_stays_while_somebody_has_subscribed(t):
    d = Daemon(t)
    d.options("--idle-timeout=1")
    heard = d.subscriber()
    pid = d.pid()
    time.sleep(2.5)  # nothing may happen: there is no event to wait for
    c = _sleeper(t)
    heard.expect("ContainerNew", "/org/unitc1", [c.id])
    t.equal(d.pid(), pid, "unitcd's pid")
    heard.client.close()
    t.check(lab.ended(d, 10), "it stays though the subscriber has left")


@test(peers="")
def nobody_is_left_unanswered_when_it_ends(t):
    d = Daemon(t)
    d.options("--idle-timeout=1")
    client = Client()
    t.finally_do(client.close)
    end = time.monotonic() + 5
    answers = 0
    while time.monotonic() < end:
        # Around the moment at which it ends, again and again.
        time.sleep(0.99 + 0.005 * (answers % 5))
        answer = client.ask("org.unitc1", "/org/unitc1", "org.unitc1.Manager", "List")
        t.equal((answer.kind, answer.error), (RETURN, None), f"answer {answers}")
        answers += 1


# Signals


@test(peers="")
def a_life_is_told_in_signals(t):
    d = Daemon(t)
    heard = d.subscriber()
    c = t.created(t.bundle("sleep", "1000"))
    path = lab.path(c.id)
    heard.expect("InterfacesAdded", "/org/unitc1", [path])
    heard.expect("ContainerNew", "/org/unitc1", [c.id, path])
    heard.expect("StateChanged", "/org/unitc1", [c.id, "created"])
    heard.expect("PropertiesChanged", path, ["Status", "created"])
    t.start(c)
    heard.expect("StateChanged", "/org/unitc1", [c.id, "running"])
    heard.expect("PropertiesChanged", path, ["Status", "running"])
    t.ok("pause", c.id)
    heard.expect("StateChanged", "/org/unitc1", [c.id, "paused"])
    t.ok("resume", c.id)
    heard.expect("StateChanged", "/org/unitc1", [c.id, "running"])
    t.ok("kill", c.id, "KILL")
    heard.expect("StateChanged", "/org/unitc1", [c.id, "stopped"])
    heard.expect("Exited", "/org/unitc1", [c.id, path])
    heard.expect("PropertiesChanged", path, ["Pid"])
    c.wait_stopped()
    t.ok("delete", c.id)
    heard.expect("InterfacesRemoved", "/org/unitc1", [path])
    heard.expect("ContainerRemoved", "/org/unitc1", [c.id, path])


@test(peers="")
def a_container_that_ends_by_itself_is_told_of(t):
    d = Daemon(t)
    heard = d.subscriber()
    bundle = t.bundle(shell="read line < /go")
    os.mkfifo(bundle.inside("/go"))
    c = t.detached(bundle)
    heard.expect("ContainerNew", "/org/unitc1", [c.id])
    with open(bundle.inside("/go"), "w") as file:
        file.write("\n")
    heard.expect("Exited", "/org/unitc1", [c.id])
    t.equal(d.properties(c.id)["Status"], "stopped", "Status")


@test(peers="")
def an_id_that_is_given_again_is_another_container(t):
    d = Daemon(t)
    heard = d.subscriber()
    c = _sleeper(t)
    heard.expect("ContainerNew", "/org/unitc1", [c.id])
    t.ok("delete", "--force", c.id)
    heard.expect("ContainerRemoved", "/org/unitc1", [c.id])
    again = t.detached(t.bundle("sleep", "1000"), identity=c.id)
    heard.expect("ContainerNew", "/org/unitc1", [c.id])
    t.equal((d.properties(c.id)["Bundle"], d.properties(c.id)["Pid"]), (again.bundle.path, again.pid), "the new one's properties")


@test(peers="")
def a_state_directory_that_comes_later_is_seen(t):
    d = Daemon(t)
    root = t.path("state")
    d.options(f"--root={root}")
    t.equal(d.listed(), {}, "List without a directory")
    heard = d.subscriber()
    bundle, identity = t.bundle("sleep", "1000").save(), t.fresh_name("c")
    t.ok("run", "-d", "--bundle", bundle.path, identity, options=["--root", root])
    t.finally_do(lambda: t.call("delete", "--force", identity, options=["--root", root]))
    heard.expect("ContainerNew", "/org/unitc1", [identity])
    t.equal(set(d.listed()), {identity}, "List")


# Changes


@test(peers="")
def root_changes_containers(t):
    d = Daemon(t)
    c = t.detached(t.bundle(shell="trap 'echo usr1' USR1; echo ready; while :; do sleep 0.05; done"))
    c.wait_for_output("ready")
    d.done(c, "Kill", "i", str(int(signal.SIGUSR1)))
    c.wait_for_output("usr1")
    d.done(c, "Freeze")
    t.equal(t.state(c.id)["status"], "paused", "status after Freeze")
    d.refused(c, "Freeze", words=["container not running"])
    d.done(c, "Thaw")
    t.equal(t.state(c.id)["status"], "running", "status after Thaw")
    d.refused(c, "Thaw", words=["container not paused"])
    d.done(c, "Update", "a{sv}", "2", "TasksMax", "t", "77", "MemoryMax", "t", str(64 << 20))
    found = systemd.properties(c.unit)
    t.equal((found["TasksMax"], found["MemoryMax"]), (77, 64 << 20), "limits of the unit")
    d.done(c, "Update", "a{sv}", "1", "TasksMax", "t", str(_NONE))
    t.equal(systemd.properties(c.unit)["TasksMax"], _NONE, "TasksMax without a limit")
    d.done(c, "Update", "a{sv}", "1", "CPUQuotaPerSecUSec", "t", "500000")
    t.equal(systemd.properties(c.unit)["CPUQuotaPerSecUSec"], 500000, "CPUQuotaPerSecUSec")


@test(peers="")
def wrong_arguments_change_nothing(t):
    d = Daemon(t)
    c = _sleeper(t)
    before = {name: value for name, value in systemd.properties(c.unit).items() if name.endswith(("Max", "Weight", "USec"))}
    for words in (("0",), ("-1",), ("65",)):
        d.refused(c, "Kill", "i", "--", *words, words=["signal is " + words[0], "must be 1 to 64"])
    d.refused(c, "Stop", "t", str(_NONE), words=["timeout_usec is", "must be at most 3600000000"])
    d.refused(c, "Update", "a{sv}", "0", words=["no property to update"])
    d.refused(c, "Update", "a{sv}", "1", "Slice", "s", "evil.slice", words=["property 'Slice' cannot be updated"])
    d.refused(c, "Update", "a{sv}", "1", "TasksMax", "s", "20", words=["property 'TasksMax' is of type 's'"])
    d.refused(c, "Update", "a{sv}", "2", "TasksMax", "t", "20", "CPUWeight", "t", "0", words=["property 'CPUWeight' is 0"])
    found = systemd.properties(c.unit)
    t.equal({name: found[name] for name in before}, before, "properties")
    t.equal(t.state(c.id)["status"], "running", "status")


@test(peers="")
def stop_asks_first_and_then_ends_all(t):
    d = Daemon(t)
    polite = t.detached(t.bundle(shell="trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"))
    polite.wait_for_output("ready")
    begin = time.monotonic()
    d.done(polite, "Stop", "t", "10000000")
    t.check(time.monotonic() - begin < 5 * t.scale, "a container that ends at once took the whole time")
    t.contains(polite.output(), "bye")
    t.equal(t.state(polite.id)["status"], "stopped", "status")
    t.no_unit(polite.id)
    d.done(polite, "Stop", "t", "0")  # is done already

    deaf = t.detached(t.bundle(shell="trap '' TERM; echo ready; sleep 1000"))
    deaf.wait_for_output("ready")
    begin = time.monotonic()
    d.done(deaf, "Stop", "t", "300000")
    t.check(0.3 <= time.monotonic() - begin < 5 * t.scale, "not the time it was given")
    t.equal(t.state(deaf.id)["status"], "stopped", "status")

    frozen = t.detached(t.bundle(shell="trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"))
    frozen.wait_for_output("ready")
    t.ok("pause", frozen.id)
    d.done(frozen, "Stop", "t", "10000000")
    t.contains(frozen.output(), "bye")


@test(peers="")
def stop_sends_the_signal_of_the_image(t):
    d = Daemon(t)
    bundle = t.bundle(shell="trap 'echo int; exit 0' INT; trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    c = t.detached(bundle.annotate("org.opencontainers.image.stopSignal", "SIGINT"))
    c.wait_for_output("ready")
    d.done(c, "Stop", "t", "10000000")
    t.equal(c.output().split(), ["ready", "int"], "output")


@test(peers="")
def the_others_are_ended_too_without_a_pid_namespace(t):
    d = Daemon(t)
    bundle = t.bundle(shell="sleep 1000 & echo $!; trap 'exit 0' TERM; wait")
    bundle.drop_namespace("pid")
    c = t.detached(bundle)
    other = int(until(lambda: c.output().strip()))
    t.check(process.alive(other), "the other process does not run")
    d.done(c, "Stop", "t", "5000000")
    t.check(until(lambda: not process.alive(other)), "the other process lives on")


@test(peers="")
def what_its_service_would_start_again_stays_stopped(t):
    d = Daemon(t)
    bundle = t.bundle(shell="trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    bundle.annotate("org.systemd.property.Restart", "'always'").annotate("org.systemd.property.RestartSec", "uint64 500000")
    c = t.detached(bundle, "--unit=service")
    c.wait_for_output("ready")
    unit = f"unitc-{c.id}.service"
    d.done(c, "Stop", "t", "10000000")
    t.equal(t.state(c.id)["status"], "stopped", "status")
    t.check(not until(lambda: systemd.properties(unit).get("ActiveState") in ("active", "activating"), 1), "it was started again")


# Callers


@test(peers="")
def an_ordinary_user_changes_nothing_without_polkit(t):
    d = Daemon(t)
    c = _sleeper(t)
    before = systemd.properties(c.unit)["TasksMax"]
    for words in (("Kill", "i", "9"), ("Freeze",), ("Thaw",), ("Stop", "t", "0"), ("Update", "a{sv}", "1", "TasksMax", "t", "5")):
        d.refused(c, *words, words=["Access denied"], wrap=_NOBODY)
    t.equal((t.state(c.id)["status"], systemd.properties(c.unit)["TasksMax"]), ("running", before), "status and limit")
    result = d.raw("set-property", "org.unitc1", lab.path(c.id), "org.unitc1.Container", "Status", "s", "stopped", wrap=_NOBODY)
    t.equal(result.status, 1, "status of a property that is set")


class _Polkit:
    """Stands in for polkitd on the bus, and decides as the test says."""

    def __init__(self, t):
        policy = "/etc/dbus-1/system.d/test-polkit.conf"
        with open(policy, "w") as file:
            file.write('<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" '
                       '"https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd"><busconfig><policy user="root">'
                       '<allow own="org.freedesktop.PolicyKit1"/><allow send_destination="org.freedesktop.PolicyKit1"/>'
                       '</policy></busconfig>')
        t.finally_do(lambda: (os.unlink(policy), lab.reload_bus()))
        lab.reload_bus()
        self.client = Client()
        t.finally_do(self.client.close)
        t.machine_needs(self.client.own("org.freedesktop.PolicyKit1"), "polkit itself is there")

    def question(self):
        return self.client.wait(lambda m: m.kind == CALL and m.member == "CheckAuthorization")

    def answer(self, question, yes, challenge):
        self.client.reply(question, "(bba{ss})", padded(struct.pack("<III", yes, challenge, 0), 8))

    def decide(self, yes, challenge):
        """Answers the next question; what was asked, as bytes."""
        question = self.question()
        self.answer(question, yes, challenge)
        return question.body


@test(peers="")
def polkit_decides_for_an_ordinary_user(t):
    d = Daemon(t)
    c = _sleeper(t)
    polkit = _Polkit(t)
    for yes, challenge, status, words in ((0, 0, 1, "access denied"), (0, 1, 1, "authentication required"), (1, 0, 0, "")):
        out, err = t.path(f"out{yes}{challenge}"), t.path(f"err{yes}{challenge}")
        pid = _spawn(["busctl", "call", "org.unitc1", lab.path(c.id), "org.unitc1.Container", "Freeze"], out, err)
        asked = polkit.decide(yes, challenge)
        for word in (b"system-bus-name", b"org.unitc1.manage-containers", c.id.encode(), b"Freeze"):
            t.check(word in asked, f"{word} is not in the question {asked}")
        t.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), status, "status of busctl")
        with open(err) as file:
            t.contains(file.read().lower(), words)
        t.equal(t.state(c.id)["status"], "paused" if yes else "running", "status")


def _spawn(words, out, err):
    """As nobody, whose output root keeps; its pid."""
    pid = os.fork()
    if pid == 0:
        for path, fd in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), fd)
        os.execvp(_NOBODY[0], [*_NOBODY, *words])
    return pid


def _client_of_nobody(t):
    os.seteuid(65534)
    try:
        client = Client()
    finally:
        os.seteuid(0)
    t.finally_do(client.close)
    return client


@test(peers="")
def an_ordinary_user_has_few_questions_open_and_is_in_nobodys_way(t):
    d = Daemon(t)
    c = _sleeper(t)
    polkit = _Polkit(t)
    freeze = ("org.unitc1", lab.path(c.id), "org.unitc1.Container", "Freeze")
    callers = [_client_of_nobody(t) for _ in range(3)]
    calls = [(callers[index % 2], callers[index % 2].begin(*freeze)) for index in range(8)]
    # The bus keeps the order of each caller, not that among them.
    questions = [polkit.question() for _ in calls]
    answer = callers[2].ask(*freeze)
    t.equal((answer.kind, answer.error), (ERROR, "org.freedesktop.DBus.Error.LimitsExceeded"), "the ninth of one user")
    d.done(c, "Kill", "i", str(int(signal.SIGCONT)))
    for question in questions:
        polkit.answer(question, 0, 0)
    for caller, call in calls:
        t.equal(caller.answer_to(call).error, "org.freedesktop.DBus.Error.AccessDenied", "an answer")
    t.equal(t.state(c.id)["status"], "running", "status")


@test(peers="")
def changes_under_way_are_counted_and_keep_no_reader_waiting(t):
    d = Daemon(t)
    c = t.detached(t.bundle(shell="trap '' TERM; echo ready; sleep 1000"))
    c.wait_for_output("ready")
    client = Client()
    t.finally_do(client.close)
    stop = ("org.unitc1", lab.path(c.id), "org.unitc1.Container", "Stop", "t", struct.pack("<Q", 2_000_000))
    calls = [client.begin(*stop) for _ in range(65)]
    answer = client.answer_to(calls[-1])
    t.equal((answer.kind, answer.error), (ERROR, "org.freedesktop.DBus.Error.LimitsExceeded"), "the 65th of root")
    begin = time.monotonic()
    t.equal(set(d.listed()), {c.id}, "List meanwhile")
    t.check(time.monotonic() - begin < 1.5 * t.scale, "reading waits for changes")
    t.equal([client.answer_to(each).kind for each in calls[:-1]], [RETURN] * 64, "the other answers")


@test(peers="")
def who_waits_is_answered_when_it_is_stopped(t):
    d = Daemon(t)
    c = t.detached(t.bundle(shell="trap '' TERM; echo ready; sleep 1000"))
    c.wait_for_output("ready")
    client = Client()
    t.finally_do(client.close)
    call = client.begin("org.unitc1", lab.path(c.id), "org.unitc1.Container", "Stop", "t", struct.pack("<Q", 60_000_000))
    d.listed()  # it has the call by now
    d.stop()
    t.equal(client.answer_to(call).error, "org.freedesktop.DBus.Error.Failed", "the answer")
    t.equal(t.state(c.id)["status"], "running", "status")
    t.equal(systemd.control("show", "-P", "Result", "unitcd.service").stdout.strip(), "success", "how it ended")


@test(peers="")
def who_leaves_without_waiting_harms_nobody(t):
    d = Daemon(t)
    c = t.detached(t.bundle(shell="trap '' TERM; echo ready; sleep 1000"))
    c.wait_for_output("ready")
    client = Client()
    client.begin("org.unitc1", lab.path(c.id), "org.unitc1.Container", "Stop", "t", struct.pack("<Q", 200_000))
    client.ask("org.unitc1", "/org/unitc1", "org.unitc1.Manager", "Subscribe")
    client.close()
    c.wait_stopped()
    t.equal(d.listed()[c.id][0], "stopped", "status")


@test(peers="")
def containers_that_come_and_go_do_not_disturb_it(t):
    d = Daemon(t)
    d.manager("List")
    pid = d.pid()

    def pidfds():  # libsystemd may have one of its own
        return [name for name in process.descriptors(pid).values() if "pidfd" in name]

    before = pidfds()
    bundle = t.bundle("true").save()
    for _ in range(15):
        t.ok("run", "--bundle", bundle.path, t.id())
        d.raw("call", "org.unitc1", "/org/unitc1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    t.check(until(lambda: d.listed() == {}), f"left over: {d.listed()}")
    t.equal(d.pid(), pid, "unitcd's pid")
    t.equal(pidfds(), before, "descriptors of processes")


def _checksum(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001b3) & (2 ** 64 - 1)
    return f"{value:016x}"


@test(peers="", seconds=60.0)
def a_thousand_containers_are_no_trouble(t):
    """One real container's record, a thousand times: reading, listing and watching cost what a thousand cost."""
    d = Daemon(t)
    c = _sleeper(t)
    with open(f"{t.rt.root}/{c.id}/state.json") as file:
        document = file.read().split("\n", 1)[1]
    root = t.path("state")
    os.mkdir(root, 0o711)
    for number in range(1000):
        name = f"many-{number}"
        text = document.replace(f'"{c.id}"', f'"{name}"')
        os.mkdir(f"{root}/{name}", 0o700)
        with open(f"{root}/{name}/state.json", "w") as file:
            file.write(json.dumps({"checksum": _checksum(text), "size": len(text.encode()), "version": 1}) + "\n" + text)
    d.options(f"--root={root}")
    begin = time.monotonic()
    listed = d.listed()
    first = time.monotonic() - begin
    t.equal((len(listed), {row[0] for row in listed.values()}), (1000, {"running"}), "List")
    begin = time.monotonic()
    result = d.raw("call", "org.unitc1", "/org/unitc1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    whole = time.monotonic() - begin
    t.equal(len(json.loads(result.out)["data"][0]), 1000, "objects")
    t.check(first < 5 * t.scale and whole < 5 * t.scale, f"it took {first:.2f} s to start and list, {whole:.2f} s for all objects")
    heard = d.subscriber()
    t.ok("kill", c.id, "KILL")
    for number in (0, 999):
        heard.expect("Exited", "/org/unitc1", [f"many-{number}"])
    t.check(int(process.status(d.pid())["VmRSS"].split()[0]) < 64 << 10, "it uses more than 64 MiB")


@test(lane="vm", peers="", seconds=60.0)
def limits_are_those_of_the_kernel(t):
    t.machine_needs({"memory", "pids", "cpu"} <= t.machine.controllers, "needs memory, pids and cpu")
    d = Daemon(t)
    bundle = t.bundle("sleep", "1000")
    bundle.resources.update(memory={"limit": 64 << 20}, pids={"limit": 20}, cpu={"quota": 50000, "period": 100000})
    c = t.detached(bundle)
    found = d.properties(c.id)
    t.equal((found["MemoryMax"], found["TasksMax"], found["CPUQuotaPerSecUSec"]), (64 << 20, 20, 500000), "limits")
    t.check(0 < found["MemoryCurrent"] < 64 << 20 and found["TasksCurrent"] == 1, f"usage {found}")


@test(lane="vm", peers="", seconds=60.0)
def an_oom_kill_is_told_of(t):
    t.machine_needs("memory" in t.machine.controllers, "needs the memory controller")
    d = Daemon(t)
    heard = d.subscriber()
    bundle = t.bundle(shell="(tail /dev/zero); sleep 1000")
    bundle.resources.update(memory={"limit": 32 << 20, "swap": 32 << 20})
    c = t.detached(bundle)
    heard.expect("Oom", "/org/unitc1", [c.id])


@test(lane="vm", peers="", seconds=60.0)
def a_limit_within_a_service_is_told_of(t):
    """What is delegated systemd knows nothing of: whoever writes there is heard by the kernel's word."""
    t.machine_needs("pids" in t.machine.controllers, "needs the pids controller")
    d = Daemon(t)
    bundle, identity = t.bundle("sleep", "1000"), t.id()
    bundle.resources["pids"] = {"limit": 20}
    bundle.save()
    unit = service(t, "Type=exec", "Delegate=yes", "KillMode=mixed", "TimeoutStopSec=1",
                   f"ExecStart={command(t, 'run', '--unit=self', '--bundle', bundle.path, identity)}")
    unit.control("start")
    t.check(until(lambda: t.call("state", identity).status == 0 and t.state(identity)["status"] == "running"), "it does not run")
    heard = d.subscriber()
    t.equal(d.properties(identity)["TasksMax"], 20, "TasksMax")
    with open(cgroup.path(f"/system.slice/{unit.name}/unitc-{identity}") + "/pids.max", "w") as file:
        file.write("33")
    heard.expect("PropertiesChanged", lab.path(identity), ["TasksMax"])
    t.equal(d.properties(identity)["TasksMax"], 33, "TasksMax")
    unit.control("stop")


@test(lane="vm", peers="", seconds=60.0)
def set_property_is_told_of(t):
    """systemd has no signal for it; what it writes down says when to look, the kernel says what is the case."""
    d = Daemon(t)
    c = _sleeper(t)
    heard = d.subscriber()
    t.machine_needs("pids" in t.machine.controllers, "needs the pids controller")
    systemd.control("set-property", "--runtime", c.unit, "TasksMax=33")
    heard.expect("PropertiesChanged", lab.path(c.id), ["TasksMax"])
    t.equal(d.properties(c.id)["TasksMax"], 33, "TasksMax")
    d.done(c, "Update", "a{sv}", "1", "TasksMax", "t", "34")
    heard.expect("PropertiesChanged", lab.path(c.id), ["TasksMax"])
