# SPDX-License-Identifier: Apache-2.0
"""systemd as the program of a container: the machine's own, on the machine's own files."""

import os

from lab import process, systemd, test, until

_CAPABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
                 "CAP_SYS_CHROOT")
# Of the machine itself: the job it was booted for.
_ARGS = ("/sbin/init", "systemd.mask=machine-job.service")


def _bundle(t):
    bundle = t.bundle(*_ARGS, private=True).capabilities(*_CAPABILITIES)
    t.equal(t.command("mount", "--bind", "/", bundle.rootfs).status, 0, "mount --bind")
    t.finally_do(lambda: t.command("umount", bundle.rootfs))
    bundle.process["env"] = ["PATH=/usr/sbin:/usr/bin", "container=oci"]
    bundle.process["noNewPrivileges"] = False
    for directory in ("/run", "/run/lock", "/tmp", "/var"):
        bundle.mount(directory, "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755")
    bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "rw"]
    return bundle.annotate("org.opencontainers.image.stopSignal", "SIGRTMIN+3")


@test(peers="", seconds=90)
def it_boots_runs_units_and_is_stopped_by_its_signal(t):
    for flags, suffix in (((), "scope"), (("--unit=service",), "service")):
        out = t.path(t.fresh_name("out"))
        os.mkdir(out)
        c = t.detached(_bundle(t).bind(out, "/mnt"), *flags)
        unit = f"unitc-{c.id}.{suffix}"

        def inside(*words, name=c.id):
            return t.call("exec", name, "systemctl", *words).out.strip()

        t.check(until(lambda: inside("is-active", "multi-user.target") == "active", 30),
                f"it did not boot:\n{inside('--no-pager')}\n{systemd.status(unit)}")
        pid = t.state(c.id)["pid"]
        t.ok("exec", c.id, "systemd-run", "--unit=its-own", "-p", "ExecStop=touch /mnt/asked", "sleep", "1000")
        t.equal(inside("is-active", "its-own.service"), "active", "its unit")
        sleeper = int(inside("show", "--value", "-p", "MainPID", "its-own.service"))
        t.check(sleeper > 1, "its unit has no process")
        t.contains(systemd.status(unit), "init.scope", "system.slice", "its-own.service")
        # A scope has no main process, all of it would get the signal.
        if suffix == "scope":
            t.ok("kill", c.id, "RTMIN+3")
            c.wait_stopped(30)
        else:
            t.equal(t.command("systemctl", "stop", unit, timeout=60.0).status, 0, "status of systemctl stop")
        t.check(os.path.exists(os.path.join(out, "asked")), "it was killed, and not asked to end")
        t.check(until(lambda: not process.alive(pid)), "its first process lives on")
        t.equal(t.state(c.id)["status"], "stopped", "status")
        t.ok("delete", c.id)
