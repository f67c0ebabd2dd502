# SPDX-License-Identifier: Apache-2.0
"""--ready=started: a Type=notify service whose container knows nothing of sd_notify(3)."""

import os

from lab import test
from lab.service import command, service


_SILENT = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


def _service(t, bundle, words, *lines, verb="run", status=0):
    bundle.save()
    identity = t.id()
    unit = service(t, "Type=notify", "TimeoutStartSec=3", "TimeoutStopSec=5", "Delegate=yes", f"ExecStart={command(t, verb, *words, '--bundle', bundle.path, identity)}",
                   f"ExecStopPost={command(t, 'delete', '--force', identity)}", *lines)
    unit.control("start", status=status)
    return unit, identity


@test(peers="", seconds=90)
def a_silent_container_is_ready_once_it_runs(t):
    for words in ((), ("-d",), ("--unit=self",), ("--unit=self", "-d")):
        unit, identity = _service(t, t.bundle(shell=_SILENT), ("--ready=started", *words))
        t.equal((unit.show("ActiveState"), t.state(identity)["status"]), ("active", "running"), f"with {words}")
        unit.control("stop", status=None)
        t.gone(identity)


@test(peers="", seconds=60)
def the_option_the_annotation_and_the_environment_say_who(t):
    # The first that speaks decides.
    environment = "Environment=UNITC_NOTIFY_READY=%s"
    for words, note, lines, ready in (((), "started", [], True), ((), None, [environment % "started"], True),
                                      ((), "container", [environment % "started"], False),
                                      (("--ready=started",), "container", [], True)):
        bundle = t.bundle(shell=_SILENT)
        if note:
            bundle.annotate("org.unitc.notify.ready", note)
        unit, identity = _service(t, bundle, words, *lines, status=0 if ready else 1)
        t.equal(unit.show("ActiveState"), "active" if ready else "failed", f"with {words} {note} {lines}")
        unit.control("stop", status=None)
        t.gone(identity)


@test(peers="")
def start_is_ready_as_create_was_told(t):
    bundle, identity = t.bundle(shell=_SILENT).save(), t.id()
    unit = service(t, "Type=notify", "NotifyAccess=exec", "TimeoutStartSec=5", "TimeoutStopSec=5",
                   f"ExecStartPre={command(t, 'create', '--ready=started', '--bundle', bundle.path, identity)}",
                   f"ExecStart={command(t, 'start', identity)}", f"ExecStopPost={command(t, 'delete', '--force', identity)}")
    unit.control("start")
    t.equal(unit.show("ActiveState", "MainPID"), ("active", str(t.state(identity)["pid"])), "state and main process")
    unit.control("stop", status=None)
    t.gone(identity)


@test(peers="")
def a_container_whose_hook_fails_was_never_ready(t):
    bundle = t.bundle(shell=_SILENT)
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/false"}]}
    unit, identity = _service(t, bundle, ("--ready=started",), status=1)
    t.equal(unit.show("Result"), "exit-code", "result")
    t.gone(identity)


@test(peers="")
def a_wrong_word_is_an_error_that_names_its_place(t):
    wanted = "must be container or started"
    t.fails(t.bundle("true"), "--ready=yes", words=("option --ready 'yes'", wanted))
    t.fails(t.bundle("true").annotate("org.unitc.notify.ready", "yes"), words=("annotations.org.unitc.notify.ready 'yes'", wanted))
    t.fails(t.bundle("true"), words=("environment variable UNITC_NOTIFY_READY 'yes'", wanted), env={**os.environ, "UNITC_NOTIFY_READY": "yes"})
