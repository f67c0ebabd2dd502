# SPDX-License-Identifier: Apache-2.0
"""--output=journal: what a container writes is in the journal as its unit's."""

import json
import os
import subprocess

from lab import systemd, test, until

# No word of an image's is grave: it would be shown on every terminal.
_TALK = "echo out; echo err >&2; echo '<0>grave'"
_HEARD = ("out", "err", "<0>grave")


def _entries(*matches):
    found = subprocess.run(["journalctl", "--quiet", "--output=json", "--no-pager", *matches], stdout=subprocess.PIPE,
                           check=True, text=True).stdout
    return [json.loads(line) for line in found.splitlines()]


def _said(unit, count, field="_SYSTEMD_UNIT"):
    """The first entries that processes of the unit wrote by a stream."""
    found = []

    def enough():
        found[:] = _entries(f"{field}={unit}", "_TRANSPORT=stdout")
        return len(found) >= count

    until(enough)
    return found


def _fields(entries, *names):
    return [tuple(entry.get(name) for name in names) for entry in entries]


@test(lane="both", peers="")
def of_a_scope_it_is_the_scopes(t):
    c = t.detached(t.bundle("sh", "-c", _TALK + "; exec sleep 1000"), "--output=journal")
    t.equal(c.result.out + c.result.err, "", "output of unitc")
    said = _said(c.unit, 3)
    t.equal(_fields(said, "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "_PID"),
            [(text, "6", c.id, str(c.pid)) for text in _HEARD], "entries")
    invocation = systemd.control("show", "--property=InvocationID", "--value", c.unit).stdout.strip()
    t.equal({entry["_SYSTEMD_INVOCATION_ID"] for entry in said}, {invocation}, "invocation")
    for command in ("logs", "status"):
        t.contains(t.ok(command, c.id).out, "grave")


@test(peers="")
def a_line_of_one_that_has_ended_at_once_is_the_units_all_the_same(t):
    identity = t.id()
    for _ in range(5):
        t.run(t.bundle("echo", "short"), "--output", "journal", identity=identity)
    said = _said(t.rt.unit(identity), 5)
    t.equal([entry["MESSAGE"] for entry in said], ["short"] * 5, "entries")


@test(peers="")
def a_created_container_says_nothing_before_its_start(t):
    c = t.created(t.bundle("sh", "-c", "echo begun; exec sleep 1000"), "--output=journal")
    t.equal(_entries(f"_SYSTEMD_UNIT={c.unit}", "_TRANSPORT=stdout"), [], "entries of a created container")
    t.ok("start", c.id)
    t.equal(_fields(_said(c.unit, 1), "MESSAGE"), [("begun",)], "entries")


@test(peers="")
def an_exec_is_its_callers(t):
    c = t.detached(t.bundle("sleep", "1000"), "--output=journal")
    t.equal(t.ok("exec", c.id, "echo", "here").out, "here\n", "output of exec")
    t.equal(sorted(os.listdir(f"/proc/{c.pid}/fd")), ["0", "1", "2"], "descriptors")


@test(peers="")
def of_a_service_it_has_the_containers_fields(t):
    identity = t.id()
    t.detached(t.bundle("sh", "-c", _TALK + "; exec sleep 1000"), "--unit=service", "--output=journal", identity=identity)
    unit = f"unitc-{identity}.service"
    said = _said(unit, 3)
    t.equal(_fields(said, "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "CONTAINER_ID", "CONTAINER_ID_FULL", "CONTAINER_NAME"),
            [(text, "6", identity, identity, identity, identity) for text in _HEARD], "entries")
    t.equal(_fields(_entries(f"CONTAINER_NAME={identity}", "_TRANSPORT=stdout"), "_SYSTEMD_UNIT"), [(unit,)] * 3, "by name")


@test(peers="")
def plan_shows_it(t):
    bundle = t.bundle("true").save()
    t.contains(t.ok("plan", "--output=journal", "--bundle", bundle.path, "x").out, "output journal")
    told = t.ok("plan", "--output=journal", "--unit=service", "--bundle", bundle.path, "x").out
    t.contains(told, "StandardOutput s journal", "SyslogIdentifier s x", "LogExtraFields aay 3 ")


@test(peers="")
def an_engines_long_id_is_short_too(t):
    identity = os.urandom(32).hex()
    t.finally_do(lambda: t.call("delete", "--force", identity))
    t.detached(t.bundle("sh", "-c", "echo long; exec sleep 1000"), "--unit=service", "--output=journal", identity=identity)
    t.equal(_fields(_said(f"unitc-{identity}.service", 1), "CONTAINER_ID", "CONTAINER_ID_FULL"),
            [(identity[:12], identity)], "fields")


@test(peers="")
def a_restarted_service_goes_on_writing(t):
    identity = t.id()
    bundle = t.bundle("sh", "-c", "echo turn; sleep 0.1; exit 1")
    bundle.annotate("org.systemd.property.Restart", "'on-failure'")
    bundle.annotate("org.systemd.property.RestartUSec", "uint64 100000")
    t.detached(bundle, "--unit=service", "--output=journal", identity=identity)
    t.check(len(_said(f"unitc-{identity}.service", 2)) >= 2, "the second turn is not in the journal")
    t.ok("delete", "--force", identity)


@test(peers="")
def the_annotation_and_the_environment_ask_for_it_too(t):
    c = t.detached(t.bundle("sh", "-c", "echo noted; exec sleep 1000").annotate("org.unitc.output", "journal"))
    t.equal(_fields(_said(c.unit, 1), "MESSAGE"), [("noted",)], "entries")
    c = t.detached(t.bundle("sh", "-c", "echo meant; exec sleep 1000"), wrap=["env", "UNITC_OUTPUT=journal"])
    t.equal(_fields(_said(c.unit, 1), "MESSAGE"), [("meant",)], "entries")


@test(peers="")
def a_terminal_is_an_output_itself(t):
    bundle = t.bundle("true")
    bundle.process["terminal"] = True
    identity = t.id()
    result = t.call("run", "-b", bundle.save().path, "--output=journal", identity)
    t.one_error(result)
    t.contains(result.err, "option --output: not with process.terminal")
    t.gone(identity)


@test(peers="")
def in_a_services_cgroup_it_is_the_services(t):
    bundle, unit = t.bundle("sh", "-c", "echo inside").save(), t.fresh_name("caller") + ".service"
    t.command("systemd-run", "--quiet", "--wait", "--collect", f"--unit={unit}", "-pDelegate=yes",
                             "-pStandardOutput=null", "-pLogExtraFields=CONTAINER_NAME=web", *t.rt.argv(
                                 ["run", "--unit=self", "--output=journal", "--bundle", bundle.path, t.id()]))
    t.equal(_fields(_said(unit, 1), "MESSAGE", "CONTAINER_NAME"), [("inside", "web")], "entries")


@test(peers="")
def no_journald_is_one_error_and_nothing_left(t):
    identity = t.id()
    hide = ["unshare", "-m", "--propagation", "private", "sh", "-c",
            'mount -t tmpfs none /run/systemd/journal && exec "$@"', "sh"]
    result = t.call("run", "-b", t.bundle("true").save().path, "--output=journal", identity, wrap=hide)
    t.one_error(result)
    t.contains(result.err, "output to the journal", "/run/systemd/journal/stdout")
    t.gone(identity)
    t.no_unit(identity)
