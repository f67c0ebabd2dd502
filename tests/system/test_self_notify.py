# SPDX-License-Identifier: Apache-2.0
"""sd_notify(3) from a container in the cgroup of its service (--unit=self), in the foreground and detached: a real
service as systemd sees it. What every key does in general is in test_notify.py."""

import os
import signal
import subprocess
import sys

from lab import process, systemd, test
from lab.service import command, service

_WAYS = ((), ("-d",))


class _Speaking:
    """A service and its container, whose program says what its words ask for (lab/notifier.c)."""

    def __init__(self, t, flags, words, *lines, kind="notify"):
        self.t, self.id, self.flags = t, t.id(), flags
        self.bundle = t.bundle("/notifier", *words).bind(t.program("notifier"), "/notifier", "ro").save()
        run = command(t, "run", "--unit=self", *flags, "--bundle", self.bundle.path, self.id)
        # systemd waits for no main process that it was told of while it had another parent: mixed is for the foreground.
        self.unit = service(t, f"Type={kind}", f"KillMode={'control-group' if flags else 'mixed'}", "Delegate=yes", "TimeoutStartSec=15", "TimeoutStopSec=5", f"ExecStart={run}",
                            f"ExecStopPost={command(t, 'delete', '--force', self.id)}", *lines)

    def start(self):
        self.unit.control("start")
        return self

    def says(self, text):
        self.unit.wait("StatusText", text)

    @property
    def pid(self):
        return self.t.state(self.id)["pid"]

    @property
    def main(self):
        return int(self.unit.show("MainPID"))

    def end(self):
        self.unit.control("stop")
        self.t.gone(self.id)


@test(peers="", seconds=60)
def a_container_is_ready_and_tells_its_status(t):
    for flags in _WAYS:
        speaking = _Speaking(t, flags, ("say:READY=1\nSTATUS=up", "barrier:5000", "term", "say:STOPPING=1", "exit:0")).start()
        t.equal(speaking.unit.show("StatusText", "NotifyAccess"), ("up", "main"), "status text and whom systemd hears")
        t.equal(speaking.main == speaking.pid, flags == ("-d",), "the first process is the main one")
        t.ok("exec", speaking.id, "/notifier", "say:STATUS=exec", "barrier:5000", "exit:0")
        t.equal(speaking.unit.show("StatusText"), "exec", "status text of exec's")
        speaking.end()
        t.equal(speaking.unit.show("Result"), "success", "result")


@test(peers="", seconds=60)
def a_container_that_is_never_ready_is_ended(t):
    for flags in _WAYS:
        speaking = _Speaking(t, flags, ("say:STATUS=up",), "TimeoutStartSec=2")
        speaking.unit.control("start", status=1)
        t.equal(speaking.unit.show("Result"), "timeout", "result")
        t.gone(speaking.id)


@test(peers="", seconds=60)
def a_main_process_is_named_by_the_container_and_only_in_it(t):
    for flags in _WAYS:
        speaking = _Speaking(t, flags, ("say:READY=1", "fork", "mainpid", "say:STATUS=named", "barrier:5000")).start()
        speaking.says("named")
        t.equal(process.status(speaking.main)["NSpid"].split()[-1], "2", "pid of the main process in the container")
        # systemd itself believes root, whatever process of the host it names.
        for wrong in (1, os.getpid(), os.getppid()):
            if str(wrong) not in process.status(speaking.pid)["NSpid"].split():
                t.ok("exec", speaking.id, "/notifier", f"say:MAINPID={wrong}\nSTATUS=wrong{wrong}", "barrier:5000", "exit:0")
                t.equal(speaking.unit.show("StatusText"), f"wrong{wrong}", "the rest of a message")
                t.check(speaking.main != wrong or wrong == speaking.pid, f"process {wrong} of the host became the main one")
        speaking.end()


@test(peers="", seconds=60)
def a_watchdog_is_fed_and_fires(t):
    fed = [word for _ in range(6) for word in ("sleep:500", "say:WATCHDOG=1")]
    for flags in _WAYS:
        speaking = _Speaking(t, flags, ("say:READY=1", *fed, "say:STATUS=hungry"), "WatchdogSec=2").start()
        speaking.says("hungry")
        t.equal(speaking.unit.show("ActiveState"), "active", "state after 3 s")
        speaking.unit.wait("Result", "watchdog", 15)
        speaking.unit.wait("ActiveState", "failed", 15)
        t.gone(speaking.id)


@test(peers="", seconds=60)
def times_are_extended(t):
    for flags in _WAYS:
        words = ("say:EXTEND_TIMEOUT_USEC=20000000", "sleep:2500", "say:READY=1", "barrier:5000", "term",
                 "say:STOPPING=1\nEXTEND_TIMEOUT_USEC=20000000", "sleep:2000", "exit:0")
        speaking = _Speaking(t, flags, words, "TimeoutStartSec=1", "TimeoutStopSec=1").start()
        t.equal(speaking.unit.show("ActiveState"), "active", "state")
        speaking.end()
        t.equal(speaking.unit.show("Result"), "success", "end of the service")


@test(peers="", seconds=60)
def a_service_reloads_by_notification(t):
    t.machine_needs(systemd.version() >= 253, "needs Type=notify-reload of systemd 253")
    words = ("say:READY=1\nSTATUS=first", "hup", "reload", "say:STATUS=reloading", "sleep:300", "say:READY=1\nSTATUS=second", "barrier:5000")
    for flags in _WAYS:
        speaking = _Speaking(t, flags, words, kind="notify-reload").start()
        speaking.unit.control("reload")
        t.equal(speaking.unit.show("ActiveState", "StatusText"), ("active", "second"), "after the reload")
        speaking.end()


@test(peers="", seconds=60)
def descriptors_are_kept_and_given_back(t):
    for flags in _WAYS:
        out = t.path(t.fresh_name("out"))
        words = ("passed", "store:data=kept content", "barrier:5000", "say:READY=1")
        speaking = _Speaking(t, flags, words, "FileDescriptorStoreMax=4", "Restart=always", "RestartSec=100ms", f"StandardOutput=append:{out}").start()
        t.equal(speaking.unit.show("NFileDescriptorStore"), "1", "stored descriptors")
        os.kill(speaking.pid, signal.SIGKILL)
        speaking.unit.wait("NRestarts", "1")
        speaking.unit.wait("ActiveState", "active")
        with open(out) as file:
            t.contains(file.read(), "passed 0 named -", "passed 1 named data", "holds 'kept content'")
        speaking.end()


@test(peers="")
def other_processes_of_the_service_do_not_speak_for_the_container(t):
    speaking = _Speaking(t, (), ("say:READY=1\nSTATUS=own", "barrier:5000")).start()
    script = "import socket, sys, time; open(sys.argv[1], 'w').write('0'); s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);" \
             " s.connect(sys.argv[2]); s.send(b'STATUS=stranger'); print('sent', flush=True); time.sleep(1000)"
    group = f"/sys/fs/cgroup/system.slice/{speaking.unit.name}/unitc/cgroup.procs"
    there = os.path.join(t.rt.root, speaking.id, "notify/notify.sock")
    with subprocess.Popen([sys.executable, "-c", script, group, there], stdout=subprocess.PIPE, text=True) as stranger:
        try:
            t.equal(stranger.stdout.readline(), "sent\n", "what the stranger did")
            t.ok("exec", speaking.id, "/notifier", "barrier:5000", "exit:0")
            t.equal(speaking.unit.show("StatusText"), "own", "status text")
        finally:
            stranger.kill()
    speaking.end()
