# SPDX-License-Identifier: Apache-2.0
"""`pause` and `resume`: systemd freezes the unit, nothing moves meanwhile, and what ends containers still does."""

import json
import os

from lab import cgroup, process, systemd, test, until

_COUNTER = "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.02; done"


def _still(t, c):
    """True if the container prints nothing for a while in which it otherwise would."""
    before = c.output()
    return not until(lambda: c.output() != before, 0.3)


@test(lane="both", peers="runc")
def a_paused_container_stands_still_until_it_is_resumed(t):
    c = t.detached(t.bundle(shell=_COUNTER))
    c.wait_for_output("3\n")
    t.ok("pause", c.id)
    t.contains(cgroup.read(c.cgroup, "cgroup.events"), "frozen 1")
    t.equal(t.state(c.id)["status"], "paused", "status")
    listed = {one["id"]: one["status"] for one in json.loads(t.ok("list", "--format", "json").out)}
    t.equal(listed[c.id], "paused", "status in list")
    t.check(_still(t, c), "a paused container went on")
    t.ok("resume", c.id)
    t.contains(cgroup.read(c.cgroup, "cgroup.events"), "frozen 0")
    t.equal(t.state(c.id)["status"], "running", "status after resume")
    t.check(not _still(t, c), "a resumed container stands still")


@test(lane="both", peers="")
def systemd_knows_of_it(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.ok("pause", c.id)
    t.equal(c.properties()["FreezerState"], "frozen", "FreezerState")
    t.equal(systemd.control("daemon-reload").returncode, 0, "status of daemon-reload")
    t.equal(t.state(c.id)["status"], "paused", "status after a daemon-reload")
    t.equal(c.properties()["FreezerState"], "frozen", "FreezerState after a daemon-reload")
    t.ok("resume", c.id)
    t.equal(c.properties()["FreezerState"], "running", "FreezerState after resume")


@test(peers="")
def resume_thaws_what_others_froze(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.command("systemctl", "freeze", c.unit)
    t.ok("resume", c.id)
    t.equal(t.state(c.id)["status"], "running", "status after systemctl freeze and resume")
    with open(c.cgroup + "/cgroup.freeze", "w") as file:
        file.write("1")
    t.check(until(lambda: t.state(c.id)["status"] == "paused"), "the cgroup did not freeze")
    t.ok("resume", c.id)
    t.equal(t.state(c.id)["status"], "running", "status after cgroup.freeze and resume")


@test(peers="runc")
def the_wrong_state_is_refused_in_runcs_words(t):
    c = t.created(t.bundle("sleep", "1000"))

    def refused(verb, words):
        result = t.call(verb, c.id)
        t.equal(result.status, 1, f"status of {verb}")
        t.one_error(result, words)

    refused("resume", "container not paused")
    t.ok("pause", c.id)
    refused("pause", "container not running")
    t.ok("resume", c.id)
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    refused("pause", "container not running")
    refused("resume", "container not paused")
    for verb in ("pause", "resume"):
        result = t.call(verb, "no-such-container")
        t.equal(result.status, 1, f"status of {verb} of an unknown container")
        t.one_error(result, "container does not exist")


@test(peers="runc")
def a_created_container_can_be_paused_but_not_started_then(t):
    c = t.created(t.bundle(shell="echo started; sleep 1000"))
    t.ok("pause", c.id)
    t.equal(t.state(c.id)["status"], "paused", "status")
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status of start")
    t.one_error(result, "cannot start a container in the paused state")
    t.ok("resume", c.id)
    t.equal(t.state(c.id)["status"], "created", "status after resume")
    t.start(c)
    c.wait_for_output("started")


@test(lane="both", peers="")
def kill_with_kill_ends_a_paused_container(t):
    for private in (True, False):
        bundle = t.bundle(shell="sleep 1000 & echo ready; wait")
        if not private:
            bundle.drop_namespace("pid")
        c = t.detached(bundle)
        c.wait_for_output("ready")
        pids = cgroup.processes(c.cgroup)
        t.ok("pause", c.id)
        t.ok("kill", c.id, "KILL")
        c.wait_stopped()
        t.check(until(lambda: not any(process.alive(pid) for pid in pids)), f"some process outlived kill KILL (pid namespace: {private})")
        t.ok("delete", c.id)
        t.no_unit(c.id)


@test(peers="runc")
def another_signal_waits_until_resume(t):
    c = t.detached(t.bundle(shell="trap 'echo got HUP' HUP; echo ready; while :; do sleep 0.05; done"))
    c.wait_for_output("ready")
    t.ok("pause", c.id)
    t.ok("kill", c.id, "HUP")
    t.check(_still(t, c), "a signal woke a paused container")
    t.ok("resume", c.id)
    c.wait_for_output("got HUP")


@test(lane="both", peers="runc")
def delete_force_ends_a_paused_container(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.ok("pause", c.id)
    result = t.call("delete", c.id)
    t.equal(result.status, 1, "status of delete without --force")
    t.one_error(result, f"cannot delete container {c.id} that is not stopped: paused")
    result = t.ok("delete", "--force", c.id)
    t.check(result.seconds < 5 * t.scale, f"delete took {result.seconds:.1f} s")
    t.gone(c.id)
    t.no_unit(c.id)


@test(peers="")
def resume_below_a_frozen_slice_ends_the_freeze_or_says_why(t):
    """systemd 252 thaws the slices above as well, later ones refuse; what counts is the kernel's word."""
    slice_name = f"st-{os.getpid()}-{t.number}.slice"
    bundle = t.bundle("sleep", "1000")
    bundle.config["linux"]["cgroupsPath"] = f"{slice_name}:unitc:{t.id()}"
    c = t.detached(bundle, identity=t.identities[-1])
    t.finally_do(lambda: systemd.control("thaw", slice_name))
    t.equal(t.command("systemctl", "freeze", slice_name).status, 0, "status of systemctl freeze")
    t.equal(t.state(c.id)["status"], "paused", "status below a frozen slice")
    result = t.call("resume", c.id, options=("--timeout", "1"))
    if result.status == 0:
        t.equal(t.state(c.id)["status"], "running", "status after resume")
    else:
        t.one_error(result, "unable to resume container")
        t.equal(t.state(c.id)["status"], "paused", "status after resume failed")


@test(peers="")
def pause_without_a_bus_says_what_is_missing(t):
    c = t.detached(t.bundle("sleep", "1000"))
    environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere")
    result = t.call("pause", c.id, env=environment)
    t.equal(result.status, 1, "status")
    t.one_error(result, "no D-Bus system bus at 'unix:path=/nowhere'")
    t.equal(t.state(c.id)["status"], "running", "status afterwards")
