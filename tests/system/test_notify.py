# SPDX-License-Identifier: Apache-2.0
"""sd_notify(3) from inside a container to the service that runs unitc: every key as a real service of
systemd sees it, in the foreground, detached, and by create and start."""

import os
import re
import signal
import socket
import struct
import subprocess

from lab import process, systemd, test, until


class _Service:
    """A transient service whose main command is unitc, gone at the end of the test."""

    def __init__(self, t, kind="notify", access="main", **properties):
        self.t = t
        self.unit = t.fresh_name("notify") + ".service"
        self.scope = self.unit
        self.properties = {"Type": kind, "NotifyAccess": access, "TimeoutStartSec": "15", **properties}
        t.finally_do(self.remove)

    def start(self, *words, wait=True):
        options = [f"-p{name}={value}" for name, value in self.properties.items()]
        argv = ["systemd-run", "--quiet", f"--unit={self.unit}", *options]
        return self.t.command(*argv, *([] if wait else ["--no-block"]), *words)

    def run(self, container, *flags, wait=True):
        container.bundle.save()
        self.scope = self.t.rt.unit(container.id)
        return self.start(*self.t.rt.argv(["run", "-b", container.bundle.path, *flags, container.id]), wait=wait)

    def show(self, name):
        shown = subprocess.run(["systemctl", "show", "--value", "-p", name, self.unit], capture_output=True, text=True)
        return shown.stdout.strip()

    def becomes(self, name, value, seconds=10.0):
        until(lambda: self.show(name) == value, seconds)
        self.t.equal(self.show(name), value, f"{name} of the service")

    def stop(self):
        systemd.control("stop", self.unit)

    def remove(self):
        self.stop()
        systemd.control("reset-failed", self.unit)
        until(lambda: not systemd.loaded(self.unit))

    def journal(self):
        """Its own, and the container's, which the journal files under its scope."""
        units = [word for unit in (self.unit, self.scope) for word in ("-u", unit)]
        return subprocess.run(["journalctl", "--no-pager", "-o", "cat", *units], capture_output=True, text=True).stdout

    def prints(self, text, seconds=10.0):
        until(lambda: text in self.journal(), seconds)
        self.t.contains(self.journal(), text)

    def others(self):
        """Processes of the service's own group: what unitc has left there."""
        with open("/sys/fs/cgroup" + self.show("ControlGroup") + "/cgroup.procs") as file:
            return [int(line) for line in file]

    def relay(self, *known):
        """The one besides the known: the command that has left it there may still be ending."""
        found = set()

        def one():
            found.clear()
            found.update(set(self.others()) - set(known))
            return len(found) == 1

        self.t.check(until(one), f"relays: {found}")
        return found.pop()


class _Speaker:
    """A container whose program says what its words ask for (lab/notifier.c), then waits for SIGTERM."""

    def __init__(self, t, *words):
        self.t = t
        self.id = t.id()
        self.bundle = t.bundle("/notifier", *words).bind(t.program("notifier"), "/notifier", "ro")

    @property
    def pid(self):
        return self.t.state(self.id)["pid"]


# Who is told what

@test(peers="")
def a_detached_container_becomes_the_main_process_and_is_ready(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:STATUS=one", "say:READY=1\nSTATUS=two", "barrier:5000")
    t.equal(service.run(speaker, "-d").status, 0, "status of the start")
    t.equal(service.show("ActiveState"), "active", "state of the service")
    t.equal(service.show("StatusText"), "two", "status text")
    t.equal(service.show("MainPID"), str(speaker.pid), "main process")
    service.prints("barrier met")
    service.stop()
    t.equal(t.state(speaker.id)["status"], "stopped", "status of the container")
    t.equal(service.show("Result"), "success", "result")


@test(peers="")
def the_status_of_the_container_is_the_services(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1", "barrier:5000", "term", "exit:7")
    service.run(speaker, "-d")
    os.kill(speaker.pid, signal.SIGTERM)
    service.becomes("ActiveState", "failed")
    t.equal((service.show("Result"), service.show("ExecMainStatus")), ("exit-code", "7"), "result")


@test(peers="")
def in_the_foreground_unitc_stays_the_main_process(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1\nSTATUS=up", "barrier:5000", "term", "say:STOPPING=1\nSTATUS=down", "exit:3")
    t.equal(service.run(speaker).status, 0, "status of the start")
    t.equal(service.show("StatusText"), "up", "status text")
    with open(f"/proc/{service.show('MainPID')}/cmdline") as file:
        t.contains(file.read(), "run")
    service.stop()
    t.equal(service.show("StatusText"), "down", "last words")
    t.equal(service.show("ExecMainStatus"), "3", "status")
    t.gone(speaker.id)


@test(peers="")
def create_and_start_do_the_same(t):
    speaker = _Speaker(t, "say:READY=1\nSTATUS=started", "barrier:5000")
    speaker.bundle.save()
    service = _Service(t, access="exec", ExecStartPre=" ".join(t.rt.argv(["create", "-b", speaker.bundle.path, speaker.id])))
    t.equal(service.start(*t.rt.argv(["start", speaker.id])).status, 0, "status of the start")
    t.equal(service.show("StatusText"), "started", "status text")
    t.equal(service.show("MainPID"), str(speaker.pid), "main process")
    service.stop()
    t.equal(t.state(speaker.id)["status"], "stopped", "status of the container")


@test(peers="")
def a_shell_around_unitc_may_use_notify_access_all(t):
    service = _Service(t, access="all")
    speaker = _Speaker(t, "say:READY=1", "barrier:5000")
    speaker.bundle.save()
    words = t.rt.argv(["run", "-d", "-b", speaker.bundle.path, speaker.id])
    t.equal(service.start("sh", "-c", '"$@"; exec sleep 1000', "sh", *words).status, 0, "status of the start")
    t.equal(service.show("MainPID"), str(speaker.pid), "main process")


@test(peers="")
def a_container_that_never_speaks_holds_nothing_up(t):
    service = _Service(t, kind="simple", access="main")
    speaker = _Speaker(t, "env:NOTIFY_SOCKET")
    begun = service.run(speaker, "-d")
    t.equal(begun.status, 0, "status of the start")
    service.prints("NOTIFY_SOCKET=/run/notify/notify.sock")
    service.becomes("MainPID", str(speaker.pid))
    service.stop()

    service = _Service(t, TimeoutStartSec="2")
    speaker = _Speaker(t)
    t.check(service.run(speaker, "-d").status != 0, "a service that was never ready has started")
    t.equal(service.show("Result"), "timeout", "result")


@test(peers="")
def a_program_that_cannot_run_leaves_nothing(t):
    service = _Service(t)
    speaker = _Speaker(t)
    speaker.bundle.args("/no/such/program")
    t.check(service.run(speaker, "-d").status != 0, "it started")
    t.equal((service.show("Result"), service.show("ExecMainStatus")), ("exit-code", "1"), "result")
    t.gone(speaker.id)


@test(peers="")
def other_processes_speak_as_well(t):
    service = _Service(t)
    speaker = _Speaker(t, "fork", "say:READY=1\nSTATUS=child", "barrier:5000")
    service.run(speaker, "-d")
    t.equal(service.show("StatusText"), "child", "status text of a child")
    t.ok("exec", speaker.id, "/notifier", "say:STATUS=exec", "barrier:5000", "exit:0")
    t.equal(service.show("StatusText"), "exec", "status text of exec's")
    asked = t.ok("exec", "-e", "NOTIFY_SOCKET=/mine", speaker.id, "sh", "-c", "echo $NOTIFY_SOCKET")
    t.equal(asked.out, "/mine\n", "a NOTIFY_SOCKET of exec's own")


@test(peers="")
def a_container_with_users_of_its_own_speaks(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1\nSTATUS=mapped", "barrier:5000")
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    speaker.bundle.linux.update(uidMappings=ids, gidMappings=ids)
    speaker.bundle.linux["namespaces"].append({"type": "user"})
    for parent, _, _ in os.walk(speaker.bundle.rootfs):
        os.chown(parent, 100000, 100000)
    speaker.bundle.process["user"] = {"uid": 33, "gid": 33}
    t.equal(service.run(speaker, "-d").status, 0, "status of the start")
    t.equal(service.show("StatusText"), "mapped", "status text")


# Key by key

@test(peers="")
def errors_and_statuses_go_on(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1\nERRNO=5\nBUSERROR=org.example.No\nSTATUS=\x1b[1mbold", "barrier:5000")
    service.run(speaker, "-d")
    t.equal(service.show("StatusErrno"), "5", "errno")
    t.equal(service.show("StatusText"), "?[1mbold", "status text")
    if systemd.version() >= 254:
        t.equal(service.show("StatusBusError"), "org.example.No", "bus error")


@test(peers="")
def a_pid_is_translated_and_a_foreign_one_is_not(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1", "fork", "mainpid", "say:STATUS=named", "barrier:5000")
    service.run(speaker, "-d")
    service.becomes("StatusText", "named")
    child = int(service.show("MainPID"))
    t.check(child != speaker.pid, "the child did not become the main process")
    t.equal(process.status(child)["NSpid"].split()[-1], "2", "pid of the main process in the container")
    t.ok("exec", speaker.id, "/notifier", "say:MAINPID=1", "say:MAINPID=77777\nSTATUS=wrong", "barrier:5000", "exit:0")
    t.equal(service.show("StatusText"), "wrong", "the rest of a message")
    t.equal(service.show("MainPID"), str(speaker.pid), "main process")


@test(peers="")
def a_pidfd_names_the_main_process(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1", "fork", "pidfd", "say:STATUS=named", "barrier:5000")
    service.run(speaker, "-d")
    service.becomes("StatusText", "named")
    t.equal(process.status(service.show("MainPID"))["NSpid"].split()[-1], "2", "pid in the container")


@test(peers="")
def a_watchdog_is_fed_and_fires(t):
    service = _Service(t, WatchdogSec="2")
    fed = [word for _ in range(8) for word in ("sleep:500", "say:WATCHDOG=1")]
    speaker = _Speaker(t, "env:WATCHDOG_USEC", "env:WATCHDOG_PID", "say:READY=1", *fed, "say:STATUS=hungry")
    service.run(speaker, "-d")
    service.prints("WATCHDOG_USEC=2000000")
    service.prints("WATCHDOG_PID=(unset)")
    service.becomes("StatusText", "hungry")
    t.equal(service.show("ActiveState"), "active", "state after 4 s")
    service.becomes("Result", "watchdog", 15)


@test(peers="")
def a_watchdog_is_triggered(t):
    service = _Service(t, WatchdogSec="1000")
    speaker = _Speaker(t, "say:READY=1", "barrier:5000", "say:WATCHDOG=trigger")
    service.run(speaker, "-d")
    service.becomes("Result", "watchdog")


@test(peers="")
def what_changes_the_unit_needs_leave(t):
    words = ("say:READY=1", "say:WATCHDOG_USEC=77000000\nSTATUS=asked", "barrier:5000")
    for leave, wanted in ((None, "1000000000"), ("WATCHDOG_USEC", "77000000")):
        service = _Service(t, WatchdogSec="1000")
        speaker = _Speaker(t, *words)
        if leave:
            speaker.bundle.annotate("org.unitc.notify.allow", leave)
        service.run(speaker, "-d")
        service.becomes("StatusText", "asked")
        usec = re.search(r"WatchdogUSec=(.*)", systemd._command("systemctl", "show", service.unit).stdout)[1]
        t.equal(usec, {"1000000000": "16min 40s", "77000000": "1min 17s"}[wanted], "watchdog time")
        service.stop()
    t.fails(t.bundle("true").annotate("org.unitc.notify.allow", "READY"), words=("org.unitc.notify.allow", "'READY'"))


@test(peers="")
def a_timeout_is_extended(t):
    service = _Service(t, TimeoutStartSec="1")
    speaker = _Speaker(t, "say:EXTEND_TIMEOUT_USEC=20000000", "sleep:3000", "say:READY=1", "barrier:5000")
    t.equal(service.run(speaker, "-d").status, 0, "status of the start")
    t.equal(service.show("ActiveState"), "active", "state")


@test(peers="")
def the_end_of_a_service_is_extended_and_told(t):
    service = _Service(t, TimeoutStopSec="1")
    speaker = _Speaker(t, "say:READY=1", "barrier:5000", "term", "say:STOPPING=1\nEXTEND_TIMEOUT_USEC=20000000\nSTATUS=leaving",
                       "sleep:3000", "say:STATUS=left", "barrier:5000", "exit:4")
    service.run(speaker, "-d")
    service.stop()
    t.equal((service.show("Result"), service.show("StatusText")), ("exit-code", "left"), "end of the service")


@test(peers="")
def a_service_reloads_by_notification(t):
    t.machine_needs(systemd.version() >= 253, "needs Type=notify-reload of systemd 253")
    for flags in (("-d",), ()):
        service = _Service(t, kind="notify-reload")
        speaker = _Speaker(t, "say:READY=1\nSTATUS=first", "hup", "reload", "say:STATUS=reloading", "sleep:500",
                           "say:READY=1\nSTATUS=second", "barrier:5000")
        service.run(speaker, *flags)
        t.equal(systemd.control("reload", service.unit).returncode, 0, "status of the reload")
        t.equal((service.show("ActiveState"), service.show("StatusText")), ("active", "second"), "after it")
        service.stop()


@test(peers="")
def descriptors_are_kept_and_given_back(t):
    service = _Service(t, FileDescriptorStoreMax="4", Restart="always", RestartSec="100ms")
    speaker = _Speaker(t, "passed", "store:data=kept content", "store:more=other", "barrier:5000", "say:READY=1")
    service.properties["ExecStopPost"] = " ".join(t.rt.argv(["delete", "-f", speaker.id]))
    service.run(speaker, "-d")
    service.prints("passed 0 named -")
    t.equal(service.show("NFileDescriptorStore"), "2", "stored descriptors")
    os.kill(speaker.pid, signal.SIGTERM)
    service.becomes("NRestarts", "1")
    service.prints("passed 2 named ")
    t.contains(service.journal(), "holds 'kept content'", "holds 'other'")
    t.matches(service.journal(), "named (data:more|more:data)")
    service.becomes("ActiveState", "active")
    stored = int(service.show("NFileDescriptorStore"))
    t.ok("exec", speaker.id, "/notifier", "say:FDSTOREREMOVE=1\nFDNAME=more", "barrier:5000", "exit:0")
    t.check(0 < int(service.show("NFileDescriptorStore")) < stored, "no descriptor was taken away by its name")


# What is hostile

@test(peers="")
def hostile_messages_hurt_nobody(t):
    service = _Service(t)
    words = ["say:READY=1", "empty", "zeros", "zero:STATUS=zero", "bytes:5000", "bytes:60000", "many:253:READY=1",
             "many:253:BARRIER=1", "many:2:MAINPIDFD=1", "many:1:MAINPIDFD=1", "many:0:BARRIER=1", "say:=", "say:\n\n", "say:X_SYSTEMD_A=1"]
    speaker = _Speaker(t, *words, *words, *words, "flood:3000", "say:STATUS=survived", "barrier:5000")
    service.run(speaker, "-d")
    service.becomes("StatusText", "survived")
    service.prints("barrier met")
    relay = service.relay()
    t.check(len(process.descriptors(relay)) < 20, f"descriptors are held: {process.descriptors(relay)}")
    t.equal(service.show("MainPID"), str(speaker.pid), "main process")


@test(peers="")
def strangers_do_not_speak_for_a_container(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1\nSTATUS=own", "barrier:5000")
    service.run(speaker, "-d")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(os.path.join(t.rt.root, speaker.id, "notify/notify.sock"))
        stranger.send(b"STATUS=stranger")
        t.ok("exec", speaker.id, "/notifier", "barrier:5000", "exit:0")
        t.equal(service.show("StatusText"), "own", "status text")


@test(peers="")
def who_has_ended_is_known_as_well(t):
    t.machine_needs(process.kernel_tells_of_senders_that_ended(), "needs pidfds of senders that have ended")
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1\nSTATUS=own", "barrier:5000")
    service.run(speaker, "-d")
    relay = service.relay()
    stranger = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
        "s.connect(sys.argv[1]); s.send(b'STATUS=stranger')"
    )
    for sender, seen in (("stranger", "own"), ("exec", "ended")):
        os.kill(relay, signal.SIGSTOP)
        if sender == "exec":
            t.ok("exec", speaker.id, "/notifier", "say:STATUS=ended", "exit:0")
        else:
            t.command("python3", "-c", stranger, os.path.join(t.rt.root, speaker.id, "notify/notify.sock"))
        os.kill(relay, signal.SIGCONT)
        t.ok("exec", speaker.id, "/notifier", "barrier:5000", "exit:0")
        t.equal(service.show("StatusText"), seen, f"status text after words of {sender}")


@test(peers="")
def the_last_words_of_a_container_come_before_unitcs_end(t):
    service = _Service(t)
    speaker = _Speaker(t, "say:READY=1", "barrier:5000", "term", "say:STATUS=last", "exit:3")
    service.run(speaker)
    main = int(service.show("MainPID"))
    relay = service.relay(main)
    init = speaker.pid
    os.kill(relay, signal.SIGSTOP)
    os.kill(init, signal.SIGTERM)
    t.check(until(lambda: not process.alive(init)), "the container did not end")
    until(lambda: not process.alive(main), 0.3)
    os.kill(relay, signal.SIGCONT)
    service.becomes("ActiveState", "failed")
    t.equal((service.show("StatusText"), service.show("ExecMainStatus")), ("last", "3"), "afterwards")


@test(peers="")
def many_barriers_block_nobody_else(t):
    service = _Service(t)
    speaker = _Speaker(t, "barriers:200", "say:READY=1", "barrier:5000")
    t.equal(service.run(speaker, "-d").status, 0, "status of the start")
    service.prints("barrier met")


# What is left, and what it costs

@test(peers="")
def the_relay_is_small_and_ends_with_the_container(t):
    service = _Service(t, RemainAfterExit="yes")
    speaker = _Speaker(t, "say:READY=1", "barrier:5000")
    service.run(speaker, "-d")
    relay = service.relay()
    with open(f"/proc/{relay}/cmdline") as file:
        t.equal(file.read().rstrip("\0"), f"unitc: notifications of {speaker.id}", "title")
    held = process.descriptors(relay)
    t.equal([held[fd] for fd in (0, 1, 2)], ["/dev/null"] * 3, "standard descriptors")
    t.check(len(held) <= 9, f"descriptors: {held}")
    with open(f"/proc/{relay}/smaps_rollup") as file:
        anonymous = int(re.search(r"Pss_Anon:\s+(\d+) kB", file.read())[1])
    t.check(anonymous < 1024, f"the relay has {anonymous} kB of its own")
    t.ok("delete", "-f", speaker.id)
    t.check(until(lambda: not process.alive(relay)), "the relay lives on")


@test(peers="")
def a_service_with_another_main_process_ends_in_time(t):
    """Nobody told the container to end: it is a scope of its own, and its relay must not hold the service."""
    service = _Service(t, kind="exec", access="main", TimeoutStopSec="60")
    speaker = _Speaker(t)
    speaker.bundle.save()
    words = t.rt.argv(["run", "-d", "-b", speaker.bundle.path, speaker.id])
    service.start("sh", "-c", '"$@"; echo star""ted; exec sleep 1000', "sh", *words)
    service.prints("started")
    t.check(int(service.show("MainPID")) != speaker.pid, "the shell is not the main process any more")
    t.equal(t.command("systemctl", "stop", service.unit, timeout=30).status, 0, "status of stop")
    t.equal((service.show("Result"), t.state(speaker.id)["status"]), ("success", "running"), "afterwards")


# Around services

@test(peers="")
def a_socket_that_is_none_costs_a_warning(t):
    for value, words in (("vsock:2:1", "must be an absolute path"), ("/no/such/socket", "no such file"), ("@" + "x" * 200, "invalid")):
        bundle = t.bundle("sh", "-c", "echo $NOTIFY_SOCKET")
        result = t.run(bundle, env={**os.environ, "NOTIFY_SOCKET": value})
        t.contains(result.err, "level=warning", "nobody hears", words)
        t.check(value not in result.out, "the caller's own NOTIFY_SOCKET leaked")


@test(peers="")
def without_a_manager_there_is_no_socket(t):
    bundle = t.bundle("sh", "-c", "echo ${NOTIFY_SOCKET-unset}; ls /run")
    t.equal(t.run(bundle).out, "unset\n", "in the container")
    bundle.process["env"].append("NOTIFY_SOCKET=/own")
    t.equal(t.run(bundle).out, "/own\n", "of its own")


@test(peers="")
def an_abstract_socket_is_one(t):
    name = f"\0unitc-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        manager.settimeout(10)
        speaker = _Speaker(t, "say:READY=1\nSTATUS=abstract", "exit:0")
        speaker.bundle.save()
        speaker.bundle.process["env"].append("NOTIFY_SOCKET=/covered")
        child = subprocess.Popen(t.rt.argv(["run", "-b", speaker.bundle.path, speaker.id]),
                                 env={**os.environ, "NOTIFY_SOCKET": "@" + name[1:]})
        text, control, _, _ = manager.recvmsg(4096, 1000)
        t.equal(text, b"READY=1\nSTATUS=abstract", "the message")
        pid = next(struct.unpack("iii", data)[0] for _, kind, data in control if kind == socket.SCM_CREDENTIALS)
        t.equal(pid, child.pid, "its sender")
        t.equal(child.wait(10), 0, "status")


@test(peers="")
def a_manager_that_never_answers_does_not_hold_run(t):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(t.path("manager"))
        speaker = _Speaker(t, "say:READY=1")
        speaker.bundle.save()
        result = t.call("run", "-d", "-b", speaker.bundle.path, speaker.id, env={**os.environ, "NOTIFY_SOCKET": t.path("manager")})
        t.equal(result.status, 0, "status")
        t.contains(result.err, "service manager")
        t.equal(t.state(speaker.id)["status"], "running", "status of the container")


@test(peers="")
def the_caller_stays_itself_for_engines(t):
    """create with, start without a manager: as engines have it that listen themselves."""
    speaker = _Speaker(t, "say:READY=1")
    speaker.bundle.save()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(t.path("manager"))
        t.ok("create", "-b", speaker.bundle.path, speaker.id, env={**os.environ, "NOTIFY_SOCKET": t.path("manager")})
        t.ok("start", speaker.id)
        t.equal(t.state(speaker.id)["status"], "running", "status of the container")
