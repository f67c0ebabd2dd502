# SPDX-License-Identifier: Apache-2.0
"""Device nodes, the device filter, masked and read-only paths: what the container must not reach."""

import os
import stat

from lab import process, systemd, test, until


def _live(t, bundle):
    c = t.detached(bundle)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


@test(lane="both")
def the_default_devices_and_links_are_there(t):
    root = f"/proc/{_live(t, t.bundle('sleep', '1000')).pid}/root"
    for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)):
        facts = os.lstat(f"{root}/dev/{name}")
        t.check(stat.S_ISCHR(facts.st_mode), f"/dev/{name} is no character device")
        t.equal((os.major(facts.st_rdev), os.minor(facts.st_rdev), oct(facts.st_mode & 0o7777), facts.st_uid, facts.st_gid),
                (major, minor, "0o666", 0, 0), f"/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")):
        t.equal(os.readlink(f"{root}/dev/{name}"), target, f"/dev/{name}")


@test(peers="runc")
def nothing_else_is_in_dev(t):
    root = f"/proc/{_live(t, t.bundle('sleep', '1000')).pid}/root"
    wanted = {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "ptmx", "pts", "shm", "mqueue", "core"}
    found = set(os.listdir(f"{root}/dev"))
    t.check(wanted - {"core"} <= found <= wanted, f"/dev holds {sorted(found)}")


@test()
def the_default_devices_work(t):
    result = t.run(t.bundle(shell="head -c 3 /dev/zero | od -An -tx1; echo x > /dev/null; head -c 4 /dev/urandom | wc -c;"
                                  " echo y > /dev/full 2>&1; echo $?"))
    t.equal([line.strip() for line in result.lines if "full" not in line and "space" not in line], ["00 00 00", "4", "1"], "lines")


@test()
def a_device_of_the_config_is_made_and_usable(t):
    bundle = t.bundle(shell="head -c 2 /dev/usable | od -An -tx1; ls -ln /dev/mine /dev/sub/dir/deep")
    bundle.linux["devices"] = [
        {"path": "/dev/usable", "type": "c", "major": 1, "minor": 5},
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 0o640, "uid": 11, "gid": 12},
        {"path": "/dev/sub/dir/deep", "type": "c", "major": 1, "minor": 3}]
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rwm"})
    result = t.run(bundle)
    t.equal(result.lines[0].strip(), "00 00", "content of the device")
    t.matches(result.lines[1], r"^crw-r----- +1 +11 +12 +1, +5 ", "/dev/mine")
    t.matches(result.lines[2], r"^crw", "/dev/sub/dir/deep")


@test()
def a_fifo_of_the_config_is_made(t):
    bundle = t.bundle("ls", "-l", "/dev/pipe")
    bundle.linux["devices"] = [{"path": "/dev/pipe", "type": "p", "fileMode": 0o600}]
    t.matches(t.run(bundle).out, r"^prw-------", "/dev/pipe")


@test(peers="crun")
def a_config_that_repeats_a_default_device_is_fine(t):
    bundle = t.bundle("ls", "-lLn", "/dev/tty", "/dev/null")
    bundle.linux["devices"] = [{"path": "/dev/tty", "type": "c", "major": 5, "minor": 0},
                               {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    result = t.run(bundle)
    t.matches(result.out, r"crw-rw-rw- .* 5, +0 .*/dev/tty", "/dev/tty")


@test(lane="both")
def the_filter_denies_every_other_device(t):
    # The node may be made (mknod is allowed), but not opened.
    script = "mknod /dev/disk b 7 0; mknod /dev/mem c 1 1; mknod /dev/kmsg c 1 11;" \
             " for d in disk mem kmsg; do head -c 1 /dev/$d >/dev/null 2>/dev/null && echo OPENED $d; done; echo done"
    for devices in ([{"allow": False, "access": "rwm"}], [], None):
        bundle = t.bundle(shell=script).capabilities("CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYSLOG", "CAP_DAC_OVERRIDE")
        bundle.resources["devices"] = devices
        if devices is None:
            bundle.resources.pop("devices")
        t.equal(t.run(bundle).lines[-1:], ["done"], f"with resources.devices {devices}")
        t.check("OPENED" not in t.run(bundle).out, f"with resources.devices {devices}")


@test(lane="both")
def the_filter_survives_a_daemon_reload(t):
    bundle = t.bundle(shell="mknod /dev/kmsg c 1 11; echo ready; read line; head -c 1 /dev/zero | wc -c;"
                            " head -c 1 /dev/kmsg >/dev/null 2>&1 && echo OPENED; echo done; sleep 1000")
    bundle.capabilities("CAP_MKNOD", "CAP_SYSLOG")
    os.mkfifo(t.path("in"))
    hold = os.open(t.path("in"), os.O_RDWR)
    t.finally_do(lambda: os.close(hold))
    c = t.detached(bundle, stdin=hold)
    c.wait_for_output("ready")
    t.equal(systemd.control("daemon-reload").returncode, 0, "daemon-reload")
    os.write(hold, b"go\n")
    t.equal(c.wait_for_output("done"), "ready\n1\ndone\n", "output")


@test()
def an_allowed_device_can_be_opened_and_only_as_allowed(t):
    bundle = t.bundle(shell="head -c 1 /dev/k >/dev/null 2>&1 && echo read; echo x 2>/dev/null >/dev/k && echo WROTE; echo done")
    bundle.linux["devices"] = [{"path": "/dev/k", "type": "c", "major": 1, "minor": 5}]
    bundle.resources["devices"] += [{"allow": True, "type": "c", "major": 1, "minor": 5, "access": "r"}]
    out = t.run(bundle).out
    t.check("read" in out, f"reading is not possible: {out!r}")


@test(lane="both")
def masked_paths_are_empty(t):
    bundle = t.bundle(shell="for f in /proc/kcore /proc/keys /proc/timer_list /secret; do [ -e $f ] && wc -c < $f; done;"
                            " ls -A /sys/firmware /hidden; echo end").write("/secret", "password")
    os.makedirs(bundle.inside("/hidden/below"))
    bundle.linux["maskedPaths"] += ["/secret", "/hidden"]
    result = t.run(bundle)
    t.equal({line for line in result.lines if line.isdigit()}, {"0"}, "sizes of masked files")
    t.check("below" not in result.out and "password" not in result.out, result.out)


@test(peers="runc")
def a_mask_is_the_null_device_or_an_empty_read_only_directory(t):
    bundle = t.bundle("sleep", "1000").write("/secret", "password")
    os.makedirs(bundle.inside("/hidden"))
    bundle.linux["maskedPaths"] += ["/secret", "/hidden"]
    c = _live(t, bundle)
    facts = os.stat(f"/proc/{c.pid}/root/secret")
    t.equal((stat.S_ISCHR(facts.st_mode), os.major(facts.st_rdev), os.minor(facts.st_rdev)), (True, 1, 3), "the mask of a file")
    found = process.mount_at(c.pid, "/hidden")
    t.equal((found["type"], "ro" in found["options"]), ("tmpfs", True), "the mask of a directory")


@test(peers="runc")
def masks_cannot_be_removed_or_written(t):
    bundle = t.bundle(shell="rm -f /secret; umount /secret; touch /hidden/x; umount /hidden; cat /secret", writable=True)
    bundle.write("/secret", "password")
    os.makedirs(bundle.inside("/hidden"))
    bundle.linux["maskedPaths"] += ["/secret", "/hidden"]
    result = t.run(bundle, status=None)
    t.check("password" not in result.out, result.out)
    t.equal(open(bundle.inside("/secret")).read(), "password", "the masked file itself")


@test()
def missing_masked_and_readonly_paths_are_skipped(t):
    bundle = t.bundle("true")
    bundle.linux["maskedPaths"] += ["/not/there", "/proc/not/there"]
    bundle.linux["readonlyPaths"] += ["/neither/there"]
    t.run(bundle)


@test()
def duplicate_masked_paths_are_masked(t):
    bundle = t.bundle("cat", "/secret").write("/secret", "password")
    bundle.linux["maskedPaths"] += ["/secret", "/secret"]
    t.equal(t.run(bundle).out, "", "stdout")


@test(lane="both")
def readonly_paths_refuse_writes(t):
    script = "echo 1 > /proc/sys/kernel/msgmax; echo h > /proc/sysrq-trigger; touch /kept/x; touch /kept/below/y; echo end"
    bundle = t.bundle(shell=script, writable=True).capabilities("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")
    os.makedirs(bundle.inside("/kept/below"))
    bundle.linux["readonlyPaths"] += ["/kept"]
    result = t.run(bundle)
    t.check(result.err.count("Read-only file system") >= 3, result.err)
    t.equal(os.listdir(bundle.inside("/kept")) + os.listdir(bundle.inside("/kept/below")), ["below"], "files below the path")


@test()
def readonly_paths_keep_their_other_flags(t):
    found = {m["point"]: m["options"] for m in process.mounts(_live(t, t.bundle("sleep", "1000")).pid)}
    for point in ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"):
        if os.path.exists(point):
            t.check("ro" in found.get(point, []), f"{point}: {found.get(point)}")


@test(peers="runc")
def masks_cover_the_mounts_below_a_path(t):
    bundle = t.bundle(shell="ls -A /top; touch /top/below/x 2>&1; echo end").mount("/top/below", "tmpfs", "tmpfs")
    os.makedirs(bundle.inside("/top/below"))
    bundle.linux["maskedPaths"] += ["/top"]
    result = t.run(bundle)
    t.check("below" not in result.lines, result.out)
