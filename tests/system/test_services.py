# SPDX-License-Identifier: Apache-2.0
"""Containers that services of systemd run: with PIDFile=, in the foreground, behind a socket, as unitc@.service."""

import os
import shutil
import signal
import socket

from lab import cgroup, systemd, test, until
from lab.service import Unit, command, service

# A first process that ends when told so, and says what told it.
_OBEDIENT = "for s in TERM QUIT USR1; do trap \"echo $s >>/out/told; exit 0\" $s; done; trap 'echo HUP >>/out/told' HUP; echo up >>/out/told; while :; do sleep 0.05; done"
_OFTEN = "[Unit]\nStartLimitIntervalSec=0"
_DEAF = "trap '' TERM; echo up >>/out/told; while :; do sleep 0.05; done"


def _bundle(t, shell=_OBEDIENT):
    """A bundle whose program writes to what told() reads."""
    out = t.path(t.fresh_name("out"))
    os.mkdir(out)
    bundle = t.bundle(shell=shell).bind(out, "/out")
    bundle.told = lambda: open(os.path.join(out, "told")).read().split() if os.path.exists(os.path.join(out, "told")) else []
    return bundle


def _up(t, bundle, times=1):
    t.check(until(lambda: bundle.told().count("up") == times, 10), f"the program is not up: {bundle.told()}")


def _forking(t, bundle, *lines, flags=()):
    """(service, id) of `run -d` with a PID file."""
    bundle.save()
    identity, pid_file = t.id(), t.path(t.fresh_name("pid"))
    run = command(t, "run", "-d", "--pid-file", pid_file, "--bundle", bundle.path, *flags, identity)
    return service(t, "Type=forking", f"PIDFile={pid_file}", f"ExecStart={run}",
                   f"ExecStopPost={command(t, 'delete', '--force', identity)}", *lines, more=[_OFTEN]), identity


def _oneshot(t, bundle, *words, lines=(), flags=()):
    """(service, id) of `run -d` in a service that has no process of its own; `words` come before unitc."""
    bundle.save()
    identity = t.id()
    run = command(t, "run", "-d", "--bundle", bundle.path, *flags, identity)
    return service(t, "Type=oneshot", "RemainAfterExit=yes", f"ExecStart={' '.join([*words, run])}", *lines), identity


def _foreground(t, bundle, *lines, flags=()):
    bundle.save()
    identity = t.id()
    return service(t, "Type=exec", f"ExecStart={command(t, 'run', '--bundle', bundle.path, *flags, identity)}",
                   f"ExecStopPost={command(t, 'delete', '--force', identity)}", *lines), identity


def _script(t, text):
    path = t.path(t.fresh_name("script"))
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)
    return path


def _ended(t, identity):
    t.no_unit(identity)
    t.gone(identity)


# run -d with PIDFile=

@test(peers="")
def the_main_process_of_a_forking_service_is_the_containers_first(t):
    bundle = _bundle(t)
    unit, identity = _forking(t, bundle)
    unit.control("start")
    t.equal(unit.show("ActiveState", "MainPID"), ("active", str(t.state(identity)["pid"])), "state and main process")
    _up(t, bundle)
    unit.control("stop")
    t.equal(unit.show("ActiveState", "Result", "ExecMainStatus"), ("inactive", "success", "0"), "state, result and exit status")
    # The service's own signal to its main process, and not the scope's to all.
    t.equal(bundle.told(), ["up", "TERM"], "what the program was told")
    _ended(t, identity)


@test(peers="", seconds=60)
def a_forking_service_restarts_again_and_again(t):
    bundle = _bundle(t)
    unit, identity = _forking(t, bundle)
    unit.control("start")
    pids = {unit.show("MainPID")}
    for _ in range(10):
        unit.control("restart")
        t.equal(unit.show("ActiveState", "MainPID"), ("active", str(t.state(identity)["pid"])), "state and main process")
        pids.add(unit.show("MainPID"))
    t.equal(len(pids), 11, "number of main processes")


@test(peers="")
def the_exit_status_of_a_detached_container_is_its_services(t):
    bundle = _bundle(t, "echo up >>/out/told; sleep 0.3; exit 7")
    unit, identity = _forking(t, bundle)
    unit.control("start")
    unit.wait("ActiveState", "failed")
    t.equal(unit.show("Result", "ExecMainStatus"), ("exit-code", "7"), "result and exit status")
    _ended(t, identity)


@test(peers="")
def a_killed_container_fails_its_service(t):
    bundle = _bundle(t)
    unit, identity = _forking(t, bundle)
    unit.control("start")
    os.kill(int(unit.show("MainPID")), signal.SIGKILL)
    unit.wait("ActiveState", "failed")
    t.equal(unit.show("Result", "ExecMainStatus"), ("signal", "9"), "result and signal")
    _ended(t, identity)


@test(peers="")
def a_killed_container_is_restarted_by_its_service(t):
    bundle = _bundle(t)
    unit, identity = _forking(t, bundle, "Restart=always", "RestartSec=1ms")
    unit.control("start")
    _up(t, bundle)
    first = unit.show("MainPID")
    os.kill(int(first), signal.SIGKILL)
    _up(t, bundle, times=2)
    unit.wait("ActiveState", "active")
    t.check(unit.show("MainPID") not in (first, "0"), "the main process is not a new one")
    t.equal(unit.show("MainPID"), str(t.state(identity)["pid"]), "main process")


@test(peers="")
def a_container_that_cannot_be_made_fails_its_service_at_once(t):
    bundle = _bundle(t)
    bundle.args("/no/such/program")
    unit, identity = _forking(t, bundle)
    unit.control("start", status=1)
    t.equal(unit.show("ActiveState", "Result"), ("failed", "exit-code"), "state and result")
    _ended(t, identity)


@test(peers="")
def a_deaf_container_is_killed_when_its_services_time_is_over(t):
    bundle = _bundle(t, _DEAF)
    unit, identity = _forking(t, bundle, "TimeoutStopSec=300ms")
    unit.control("start")
    _up(t, bundle)
    unit.control("stop")
    t.equal(unit.show("Result"), "timeout", "result")
    _ended(t, identity)


# Part of the service

@test(peers="")
def a_service_that_executes_unitc_has_the_container_as_its_part(t):
    bundle = _bundle(t)
    unit, identity = _oneshot(t, bundle, lines=["Slice=st-part.slice"])
    unit.control("start")
    scope = systemd.properties(t.rt.unit(identity))
    t.equal((scope["PartOf"], unit.name in scope["Before"], scope["Slice"]), ([unit.name], True, "st-part.slice"),
            "PartOf, Before and Slice")
    _up(t, bundle)
    unit.control("stop")
    t.no_unit(identity)
    t.equal(t.state(identity)["status"], "stopped", "status")
    t.equal(bundle.told(), ["up", "TERM"], "what the program was told")


@test(peers="")
def the_service_stops_in_its_own_way_before_its_container_is_stopped(t):
    # Also when something else drives it out, as shutdown.target does with all services.
    for verb in ("stop", "conflict"):
        bundle = _bundle(t)
        stop = _script(t, f'{command(t, "state")} "$1" | grep -o running >>{t.path("stopping")}; sleep 0.2; cat $2 >>{t.path("stopping")}')
        unit, identity = _oneshot(t, bundle, lines=[])
        told = os.path.join(next(m["source"] for m in bundle.mounts if m["destination"] == "/out"), "told")
        with open(unit.path, "a") as file:
            file.write(f"ExecStop={stop} {identity} {told}\n")
        systemd.control("daemon-reload")
        unit.control("start")
        _up(t, bundle)
        if verb == "conflict":
            Unit(t, t.fresh_name("t") + ".target", f"[Unit]\nConflicts={unit.name}\nAfter={unit.name}\n").control("start")
        else:
            unit.control("stop")
        t.no_unit(identity)
        with open(t.path("stopping")) as file:
            t.equal(file.read().split(), ["running", "up"], f"what ExecStop= found on {verb}")
        os.unlink(t.path("stopping"))
        t.equal(bundle.told(), ["up", "TERM"], "what the program was told after that")


@test(peers="", seconds=60)
def a_restart_of_the_service_replaces_the_container(t):
    bundle = _bundle(t)
    bundle.save()
    identity = t.id()
    unit = service(t, "Type=oneshot", "RemainAfterExit=yes", f"ExecStartPre={command(t, 'delete', '--force', identity)}",
                   f"ExecStart={command(t, 'run', '-d', '--bundle', bundle.path, identity)}", more=[_OFTEN])
    unit.control("start")
    pids = {t.state(identity)["pid"]}
    for _ in range(5):
        unit.control("restart")
        t.equal(unit.show("ActiveState"), "active", "state")
        t.equal(t.state(identity)["status"], "running", "status")
        pids.add(t.state(identity)["pid"])
    t.equal(len(pids), 6, "number of first processes")


@test(peers="")
def create_and_start_in_one_service_make_a_part_of_it_too(t):
    bundle = _bundle(t)
    bundle.save()
    identity = t.id()
    unit = service(t, "Type=oneshot", "RemainAfterExit=yes", f"ExecStart={command(t, 'create', '--bundle', bundle.path, identity)}",
                   f"ExecStart={command(t, 'start', identity)}")
    unit.control("start")
    _up(t, bundle)
    unit.control("stop")
    t.no_unit(identity)


@test(peers="")
def a_daemons_containers_outlive_it(t):
    # As with docker's, containerd's and conmon's: unitc is started by what the service executes.
    bundle = _bundle(t)
    unit, identity = _oneshot(t, bundle, _script(t, '"$@" & wait'))
    unit.control("start")
    scope = systemd.properties(t.rt.unit(identity))
    t.equal((scope["PartOf"], scope["Slice"]), ([], "system.slice"), "PartOf and Slice")
    pid = t.state(identity)["pid"]
    unit.control("stop")
    t.equal((t.state(identity)["status"], t.state(identity)["pid"]), ("running", pid), "status and pid")


@test(peers="")
def a_script_can_ask_for_being_the_services_part(t):
    for flags, lines in ((["--part-of=caller"], []), ([], ["Environment=UNITC_PART_OF=caller"])):
        bundle = _bundle(t)
        unit, identity = _oneshot(t, bundle, _script(t, '"$@"; exit $?'), lines=lines, flags=flags)
        unit.control("start")
        t.equal(systemd.properties(t.rt.unit(identity))["PartOf"], [unit.name], f"PartOf with {flags} {lines}")
        unit.control("stop")
        t.no_unit(identity)


@test(peers="")
def a_container_need_not_be_its_services_part(t):
    for flags, lines, note in ((["--part-of=no"], [], None), ([], ["Environment=UNITC_PART_OF=no"], None), ([], [], "no"),
                               (["--part-of=no"], ["Environment=UNITC_PART_OF=caller"], "auto")):
        bundle = _bundle(t)
        if note:
            bundle.annotate("org.unitc.part-of", note)
        unit, identity = _oneshot(t, bundle, lines=lines, flags=flags)
        unit.control("start")
        t.equal(systemd.properties(t.rt.unit(identity))["PartOf"], [], f"PartOf with {flags} {lines} {note}")
        unit.control("stop")
        t.equal(t.state(identity)["status"], "running", "status")


@test(peers="")
def what_cannot_be_is_refused_by_its_name(t):
    t.fails(t.bundle("true"), "--part-of=caller", words=("option --part-of: unitc does not run in a service",),
            wrap=("systemd-run", "--quiet", "--scope", f"--unit={t.fresh_name('x')}"))
    t.fails(t.bundle("true"), "--part-of=other", words=("option --part-of 'other': must be auto, no or caller",))
    environment = dict(os.environ, UNITC_PART_OF="other")
    t.fails(t.bundle("true"), words=("environment variable UNITC_PART_OF 'other': must be auto, no or caller",), env=environment)
    # An annotation may be an untrusted pod's.
    t.fails(t.bundle("true").annotate("org.unitc.part-of", "caller"),
            words=("annotations.org.unitc.part-of 'caller': must be auto or no",))


# How a container is stopped

@test(peers="", lane="both")
def the_images_stop_signal_is_the_units(t):
    for text, name in (("SIGQUIT", "QUIT"), ("10", "USR1"), ("SIGTERM", "TERM"), ("SIGNONE", "TERM")):
        bundle = _bundle(t).annotate("org.opencontainers.image.stopSignal", text)
        c = t.detached(bundle)
        t.equal("is no signal" in c.result.err, text == "SIGNONE", "a warning")
        _up(t, bundle)
        t.equal(systemd.control("stop", c.unit).returncode, 0, "stop")
        t.equal(bundle.told(), ["up", name], f"what the program was told for {text}")


@test(peers="")
def the_time_to_stop_is_an_annotation(t):
    bundle = _bundle(t, _DEAF).annotate("org.systemd.property.TimeoutStopUSec", "uint64 300000")
    c = t.detached(bundle)
    _up(t, bundle)
    t.check(until(lambda: c.properties()["TimeoutStopUSec"] == 300000), "TimeoutStopUSec")
    result = t.command("systemctl", "stop", c.unit)
    t.check(0.3 <= result.seconds < 5 * t.scale, f"the stop took {result.seconds} s")
    c.wait_stopped()


# In the foreground

@test(peers="")
def a_service_in_the_foreground_ends_with_its_container(t):
    bundle = _bundle(t)
    unit, identity = _foreground(t, bundle)
    unit.control("start")
    _up(t, bundle)
    t.check(unit.show("MainPID") != str(t.state(identity)["pid"]), "unitc is not the main process")
    unit.control("stop")
    t.equal(unit.show("ActiveState", "Result"), ("inactive", "success"), "state and result")
    t.equal(bundle.told(), ["up", "TERM"], "what the program was told")
    _ended(t, identity)


@test(peers="")
def nothing_is_left_of_a_service_whose_unitc_is_killed(t):
    bundle = _bundle(t, _DEAF)
    unit, identity = _foreground(t, bundle)
    unit.control("start")
    _up(t, bundle)
    os.kill(int(unit.show("MainPID")), signal.SIGKILL)
    unit.wait("ActiveState", "failed")
    _ended(t, identity)


# Sockets and credentials

@test(peers="")
def a_socket_unit_in_front_of_a_container_starts_it(t):
    bundle = _bundle(t, "{ env | grep ^LISTEN_; dd bs=4096 count=1 <&3; } >/out/new 2>/dev/null; mv /out/new /out/told")
    name, address = t.fresh_name("s"), t.path("socket")
    bundle.save()
    front = Unit(t, name + ".socket", f"[Socket]\nListenDatagram={address}\nFileDescriptorName=front\n")
    service(t, f"ExecStart={command(t, 'run', '--bundle', bundle.path, t.id())}", name=name + ".service")
    front.control("start")
    t.equal(bundle.told(), [], "what the program said before anybody asked")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.sendto(b"hello there", address)
    t.check(until(lambda: bundle.told(), 10), "the program did not answer")
    t.equal(bundle.told()[-2:], ["hello", "there"], "what the program was sent")
    for word in ("LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=front"):
        t.check(word in bundle.told(), f"no {word} in {bundle.told()}")


@test(peers="")
def every_connection_has_a_container_of_its_own(t):
    bundle = t.bundle(shell="read line; echo you said $line").save()
    name, address = t.fresh_name("s"), t.path("socket")
    front = Unit(t, name + ".socket", f"[Socket]\nListenStream={address}\nAccept=yes\n")
    service(t, f"ExecStart={t.rt.path} run --bundle {bundle.path} {name}-%j-%i", "StandardInput=socket", name=name + "@.service")
    front.control("start")
    for text in ("one", "two"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20 * t.scale)
            client.connect(address)
            client.sendall(text.encode() + b"\n")
            t.equal(client.makefile().read(), f"you said {text}\n", "answer")


_SECRETS = 'cd /run/host/credentials && { cat key; echo $CREDENTIALS_DIRECTORY; touch new 2>/dev/null || echo readonly; } >/out/told'


def _key(t):
    with open(t.path("key"), "w") as file:
        file.write("secret\n")
    return f"LoadCredential=key:{t.path('key')}"


@test(peers="")
def the_credentials_of_a_service_reach_its_container(t):
    bundle = _bundle(t, _SECRETS).mount("/run", "tmpfs", "tmpfs", "nosuid")
    unit, _ = _foreground(t, bundle, _key(t))
    unit.control("start")
    t.check(until(lambda: len(bundle.told()) == 3, 10), f"the program found only {bundle.told()}")
    t.equal(bundle.told(), ["secret", "/run/host/credentials", "readonly"], "what the program found")


@test(peers="")
def a_program_of_another_user_can_read_its_credentials(t):
    bundle = _bundle(t, _SECRETS.replace("; }", "; stat -c %u:%g:%a . key; }")).mount("/run", "tmpfs", "tmpfs", "nosuid")
    os.chown(bundle.mounts[-2]["source"], 1234, 1234)
    bundle.process["user"] = {"uid": 1234, "gid": 1235}
    unit, identity = _foreground(t, bundle, _key(t))
    unit.control("start")
    t.check(until(lambda: len(bundle.told()) == 5, 10), f"the program found only {bundle.told()}")
    t.equal(bundle.told(), ["secret", "/run/host/credentials", "readonly", "1234:1235:500", "1234:1235:400"], "what the program found")
    unit.wait("ActiveState", "inactive")
    _ended(t, identity)
    t.check(not os.path.exists(os.path.join(t.rt.root, identity)), "the copy is left")


@test(peers="")
def the_credentials_of_a_daemon_are_its_own(t):
    script = "{ ls /run; echo dir=$CREDENTIALS_DIRECTORY; } >/out/new; mv /out/new /out/told"
    for words, flags in (([_script(t, '"$@"; exit $?')], []), ([], ["--part-of=no"])):
        bundle = _bundle(t, script).mount("/run", "tmpfs", "tmpfs", "nosuid")
        unit, _ = _oneshot(t, bundle, *words, lines=[_key(t)], flags=flags)
        unit.control("start")
        t.check(until(lambda: bundle.told(), 10), "the program never ran")
        t.equal(bundle.told(), ["dir="], f"what the program found of {words} {flags}")
        unit.control("stop")


@test(peers="")
def a_service_that_cleans_up_leaves_somebody_elses_container_alone(t):
    theirs = t.detached(t.bundle("sleep", "1000"))
    bundle = _bundle(t)
    bundle.save()
    for flags, left in (("--part-of caller", True), ("", False)):
        unit = service(t, "Type=oneshot", f"ExecStart={command(t, 'run', '-d', '--bundle', bundle.path, theirs.id)}",
                       f"ExecStopPost={command(t, 'delete', '--force', *flags.split(), theirs.id)}")
        unit.control("start", status=1)
        t.equal(t.call("state", theirs.id).status == 0, left, f"the container lives after delete --force {flags}")
    t.one_error(t.call("delete", "--force", "--part-of", "caller", t.created(t.bundle("true")).id), "is not part of")
    t.one_error(t.call("delete", "--part-of", "auto", "x"), "--part-of 'auto'", "must be caller")


# unitc@.service

_TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../units")
_BUNDLES = "/var/lib/unitc"


def _installed(t, bundle, name):
    """unitc@NAME.service, as it would be installed, for this runtime."""
    bundle.save()
    made = not os.path.isdir(_BUNDLES)
    os.makedirs(_BUNDLES, exist_ok=True)
    t.finally_do(lambda: (os.unlink(os.path.join(_BUNDLES, name)), made and os.rmdir(_BUNDLES)))
    os.symlink(bundle.path, os.path.join(_BUNDLES, name))
    with open(os.path.join(_TEMPLATE, "unitc@.service.in")) as file:
        text = file.read().replace("@CMAKE_INSTALL_FULL_BINDIR@/unitc", t.rt.path)
    Unit(t, "unitc.slice", open(os.path.join(_TEMPLATE, "unitc.slice")).read())
    return Unit(t, "unitc@.service", text, instance=f"unitc@{name}.service")


@test(peers="", seconds=60)
def enabling_unitc_at_web_is_the_whole_story(t):
    bundle = _bundle(t)
    name = t.id()
    unit = _installed(t, bundle, name)
    unit.control("enable", "--runtime", "--now")
    t.finally_do(lambda: systemd.control("disable", "--runtime", unit.name))
    _up(t, bundle)
    t.equal(unit.show("ActiveState", "UnitFileState", "Slice"), ("active", "enabled-runtime", "unitc.slice"), "state of the service")
    t.equal(cgroup.of_process(t.state(name)["pid"]), f"/unitc.slice/{unit.name}/unitc-{name}", "cgroup of the container")
    t.check(not systemd.loaded(t.rt.unit(name)), "there is a scope as well")
    unit.control("reload")
    t.check(until(lambda: bundle.told() == ["up", "HUP"]), f"the program was told {bundle.told()}")
    unit.control("restart")
    _up(t, bundle, times=2)
    unit.control("disable", "--runtime", "--now")
    t.equal(unit.show("ActiveState", "Result"), ("inactive", "success"), "state and result")
    t.equal(bundle.told(), ["up", "HUP", "TERM", "up", "TERM"], "what the program was told")
    _ended(t, name)


@test(peers="", seconds=60)
def unitc_at_comes_again_after_a_failure(t):
    bundle = _bundle(t)
    name = t.id()
    unit = _installed(t, bundle, name)
    unit.control("start")
    _up(t, bundle)
    os.kill(t.state(name)["pid"], signal.SIGKILL)
    _up(t, bundle, times=2)
    # unitc itself as well: nothing of the container may be in the way.
    os.kill(int(unit.show("MainPID")), signal.SIGKILL)
    _up(t, bundle, times=3)
    unit.control("stop")
    _ended(t, name)


@test(peers="")
def unitc_at_is_started_with_its_program_and_not_before(t):
    bundle = _bundle(t)
    bundle.args("/no/such/program")
    name = t.id()
    unit = _installed(t, bundle, name)
    drop_in = unit.path + ".d"
    os.mkdir(drop_in)
    t.finally_do(lambda: shutil.rmtree(drop_in))
    with open(os.path.join(drop_in, "once.conf"), "w") as file:
        file.write("[Service]\nRestart=no\n")
    systemd.control("daemon-reload")
    unit.control("start", status=1)
    t.equal(unit.show("ActiveState", "Result", "ExecMainStatus"), ("failed", "exit-code", "1"), "state, result and status")
    _ended(t, name)


@test(peers="")
def unitc_at_makes_a_scope_where_the_config_says_so(t):
    bundle = _bundle(t).annotate("org.unitc.unit", "scope")
    name = t.id()
    unit = _installed(t, bundle, name)
    unit.control("start")
    _up(t, bundle)
    scope = systemd.properties(t.rt.unit(name))
    t.equal((scope["Slice"], scope["PartOf"]), ("unitc.slice", [unit.name]), "slice and PartOf of the scope")
    unit.control("stop")
    t.equal(bundle.told(), ["up", "TERM"], "what the program was told")
    _ended(t, name)


@test(peers="")
def a_socket_unit_in_front_of_unitc_at_starts_it(t):
    bundle = _bundle(t, "{ env | grep ^LISTEN_; dd bs=4096 count=1 <&3; } >/out/new 2>/dev/null; mv /out/new /out/told")
    name, address = t.id(), t.path("socket")
    unit = _installed(t, bundle, name)
    front = Unit(t, f"unitc@{name}.socket", f"[Socket]\nListenDatagram={address}\nFileDescriptorName=front\n")
    front.control("start")
    t.equal(unit.show("ActiveState"), "inactive", "state before anybody asked")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.sendto(b"hello there", address)
    t.check(until(lambda: bundle.told(), 10), "the program did not answer")
    t.equal(bundle.told()[-2:], ["hello", "there"], "what the program was sent")
    for word in ("LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=front"):
        t.check(word in bundle.told(), f"no {word} in {bundle.told()}")
    unit.wait("ActiveState", "inactive")
    _ended(t, name)


@test(peers="")
def unitc_at_without_a_bundle_does_not_start(t):
    name = t.id()
    unit = _installed(t, _bundle(t), name)
    unit.name = "unitc@nobody.service"
    unit.control("start", status=1)
    t.equal(unit.show("ActiveState", "AssertResult"), ("inactive", "no"), "state and result")
