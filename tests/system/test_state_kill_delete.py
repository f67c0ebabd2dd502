# SPDX-License-Identifier: Apache-2.0
"""`state`, `list`, `kill` and `delete`: they tell the truth, hit nobody else, and clean up."""

import json
import os
import re
import signal
import threading

from lab import cgroup, process, systemd, test, until


@test(lane="both", peers="runc")
def state_has_the_fields_of_the_specification(t):
    bundle = t.bundle("sleep", "1000").annotate("com.example.key", "value")
    c = t.created(bundle)
    state = t.state(c.id)
    t.equal(state["id"], c.id, "id")
    t.equal(state["status"], "created", "status")
    t.equal(state["bundle"], bundle.path, "bundle")
    t.equal(state["pid"], int(open(f"{c.cgroup}/cgroup.procs").read().split()[0]), "pid")
    t.equal(state["annotations"], {"com.example.key": "value"}, "annotations")
    t.check(state["ociVersion"].startswith("1."), f"ociVersion {state['ociVersion']}")
    t.matches(state["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", "created")
    if t.rt.name != "crun":
        t.equal(state["rootfs"], bundle.rootfs, "rootfs")


@test(peers="runc")
def state_is_printed_as_runc_prints_it(t):
    c = t.created(t.bundle("sleep", "1000").annotate("b", "2").annotate("a", "1"))
    result = t.ok("state", c.id)
    t.equal(list(json.loads(result.out)), ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"],
            "order of the keys")
    t.check(result.out.startswith('{\n  "ociVersion": "'), f"indented by two spaces: {result.out[:40]!r}")


@test(peers="runc")
def a_state_without_annotations_has_no_such_key(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.check("annotations" not in t.state(c.id), "annotations are printed though there are none")


@test()
def state_of_an_unknown_container_fails(t):
    result = t.call("state", "no-such-container")
    t.equal((result.status, result.out), (1, ""), "status and stdout")
    if t.rt.name != "crun":
        t.contains(result.err, "container does not exist")


@test(lane="both")
def a_container_goes_through_all_its_states(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.equal(t.state(c.id)["status"], "created", "after create")
    t.start(c)
    t.equal(t.state(c.id)["status"], "running", "after start")
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.equal(t.state(c.id)["pid"], 0, "pid when stopped")
    t.ok("delete", c.id)
    t.gone(c.id)


@test(peers="")
def a_frozen_unit_is_paused(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.command("systemctl", "freeze", c.unit)
    t.equal(t.state(c.id)["status"], "paused", "status of a frozen unit")
    t.command("systemctl", "thaw", c.unit)
    t.equal(t.state(c.id)["status"], "running", "status of a thawed unit")


@test()
def delete_force_removes_a_frozen_container_quickly(t):
    c = t.detached(t.bundle("sleep", "1000"))
    with open(c.cgroup + "/cgroup.freeze", "w") as file:
        file.write("1")
    t.check(until(lambda: "frozen 1" in cgroup.read(c.cgroup, "cgroup.events")), "the cgroup did not freeze")
    result = t.ok("delete", "--force", c.id)
    t.check(result.seconds < 5 * t.scale, f"delete took {result.seconds:.1f} s")
    t.gone(c.id)


@test(peers="")
def delete_force_removes_a_container_that_systemd_froze(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.command("systemctl", "freeze", c.unit)
    result = t.ok("delete", "--force", c.id)
    t.check(result.seconds < 5 * t.scale, f"delete took {result.seconds:.1f} s")
    t.gone(c.id)
    t.no_unit(c.id)


@test(lane="both", peers="runc")
def kill_sends_the_signal_that_is_named(t):
    script = "for s in TERM HUP USR1 USR2 INT WINCH; do trap \"echo got $s\" $s; done; echo ready; while :; do sleep 0.05; done"
    c = t.detached(t.bundle(shell=script))
    c.wait_for_output("ready")
    for spelled, name in (("SIGUSR1", "USR1"), ("USR2", "USR2"), ("1", "HUP"), ("sigint", "INT"), ("winch", "WINCH")):
        t.ok("kill", c.id, spelled)
        c.wait_for_output(f"got {name}\n")


@test()
def kill_sends_term_when_no_signal_is_named(t):
    c = t.detached(t.bundle(shell="trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.05; done"))
    c.wait_for_output("ready")
    t.ok("kill", c.id)
    c.wait_for_output("got TERM")
    c.wait_stopped()


@test(peers="runc")
def kill_refuses_an_unknown_signal(t):
    c = t.detached(t.bundle("sleep", "1000"))
    for word in ("SIGNOPE", "99999", "-1", "KILL ", "9x"):
        if t.rt.name == "runc" and word != "SIGNOPE":
            continue
        result = t.call("kill", c.id, word)
        t.equal(result.status, 1, f"status of kill {word!r}")
        t.contains(result.err, "signal")
    t.equal(t.state(c.id)["status"], "running", "status afterwards")


@test()
def kill_with_signal_zero_tells_whether_it_runs(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.ok("kill", c.id, "0")
    os.kill(c.pid, signal.SIGKILL)
    c.wait_stopped()
    result = t.call("kill", c.id, "0")
    t.equal(result.status, 1, "status on a stopped container")
    if t.rt.name != "crun":
        t.contains(result.err, "container not running")


@test(peers="runc")
def kill_all_of_a_stopped_container_succeeds(t):
    identity = t.id()
    t.run(t.bundle("true"), "--keep", identity=identity)
    t.equal(t.call("kill", identity, "KILL").status, 1, "status without --all")
    t.ok("kill", "--all", identity, "KILL")


@test()
def kill_works_on_a_created_container(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.ok("delete", c.id)


@test(peers="")
def kill_reaches_everyone_when_there_is_no_pid_namespace(t):
    c = t.detached(t.bundle(shell="sleep 1000 & sleep 1001 & echo ready; wait").drop_namespace("pid"))
    c.wait_for_output("ready")
    pids = cgroup.processes(c.cgroup)
    t.check(len(pids) >= 3, f"expected the shell and two sleeps, found {pids}")
    t.ok("kill", c.id, "KILL")
    t.check(until(lambda: not any(process.alive(pid) for pid in pids)), "some process outlived kill KILL")
    c.wait_stopped()


@test(peers="runc")
def delete_takes_what_is_left_when_init_has_gone(t):
    for words in (["delete"], ["delete", "--force"]):
        c = t.detached(t.bundle(shell="sleep 1000 & sleep 1001 & echo ready; wait").drop_namespace("pid"))
        c.wait_for_output("ready")
        pids = cgroup.processes(c.cgroup)
        os.kill(c.pid, signal.SIGKILL)
        c.wait_stopped()
        t.ok(*words, c.id)
        t.check(until(lambda: not any(process.alive(pid) for pid in pids)), f"some process outlived {words}")
        t.no_unit(c.id)


@test(lane="both")
def delete_refuses_a_running_container(t):
    c = t.detached(t.bundle("sleep", "1000"))
    result = t.call("delete", c.id)
    t.equal(result.status, 1, "status")
    if t.rt.name != "crun":
        t.contains(result.err, f"cannot delete container {c.id} that is not stopped: running")
    t.equal(t.state(c.id)["status"], "running", "status afterwards")


@test()
def delete_takes_a_created_container_without_force(t):
    c = t.created(t.bundle("sleep", "1000"))
    pid = c.pid
    t.ok("delete", c.id)
    t.check(until(lambda: not process.alive(pid)), "the init is still alive")
    t.gone(c.id)
    t.no_unit(c.id)


@test()
def delete_force_ends_a_running_container(t):
    c = t.detached(t.bundle(shell="trap '' TERM; sleep 1000 & sleep 1000"))
    pid = c.pid
    t.ok("delete", "--force", c.id)
    t.check(not process.alive(pid), "the init is still alive after delete")
    t.gone(c.id)
    t.no_unit(c.id)


@test()
def delete_of_an_unknown_container_fails_unless_forced(t):
    t.equal(t.call("delete", "no-such-container").status, 1, "status")
    t.ok("delete", "--force", "no-such-container")


@test(peers="runc")
def delete_removes_sub_cgroups_that_the_payload_made(t):
    bundle = t.bundle("sleep", "1000")
    c = t.detached(bundle)
    below = os.path.join(c.cgroup, "made/by/payload")
    os.makedirs(below)
    group = c.cgroup
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: not os.path.exists(group)), f"{group} is still there")


@test(peers="")
def two_deletes_at_the_same_time_do_no_harm(t):
    c = t.detached(t.bundle("sleep", "1000"))
    results = []
    threads = [threading.Thread(target=lambda: results.append(t.rt.call("delete", "--force", c.id))) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    t.story += [result.told() for result in results]
    t.equal({result.status for result in results}, {0}, "statuses of six forced deletes")
    t.gone(c.id)


@test(peers="")
def start_against_delete_ends_in_one_of_two_states(t):
    for _ in range(8):
        c = t.created(t.bundle("sleep", "1000"))
        results = {}
        threads = [threading.Thread(target=lambda verb=verb: results.__setitem__(verb[0], t.rt.call(*verb, c.id)))
                   for verb in (("start",), ("delete", "--force"))]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        t.story += [result.told() for result in results.values()]
        t.equal(results["delete"].status, 0, "status of delete --force")
        t.check(results["start"].status in (0, 1), f"status of start {results['start'].status}")
        t.gone(c.id)
        t.no_unit(c.id)


@test(lane="both", peers="runc")
def list_shows_a_table(t):
    first, second = t.detached(t.bundle("sleep", "1000")), t.created(t.bundle("sleep", "1000"))
    lines = t.ok("list").lines
    t.matches(lines[0], r"^ID +PID +STATUS +BUNDLE +CREATED +OWNER\s*$", "head line")
    for c, status in ((first, "running"), (second, "created")):
        row = next((line for line in lines if line.split()[0] == c.id), None)
        t.check(row is not None, f"{c.id} is not listed")
        words = row.split()
        t.equal(words[:4] + words[5:], [c.id, str(c.pid), status, c.bundle.path, "root"], "row")


@test(peers="runc")
def list_aligns_its_columns_as_runc_does(t):
    c = t.detached(t.bundle("sleep", "1000"))
    result = t.ok("list")
    head, row = result.lines[0], next(line for line in result.lines if line.startswith(c.id))
    for column, text in (("PID", str(c.pid)), ("STATUS", "running"), ("BUNDLE", c.bundle.path)):
        t.equal(row.index(text, 1 if column == "PID" else 0), head.index(column), f"where column {column} begins in\n{result.out}")
    t.equal(head.index("PID"), max(12, len(c.id) + 3), "width of the first column")


@test(peers="runc")
def list_shows_json_and_ids(t):
    c = t.created(t.bundle("sleep", "1000").annotate("k", "v"))
    result = t.ok("list", "--format", "json")
    mine = next(entry for entry in json.loads(result.out) if entry["id"] == c.id)
    t.equal(list(mine), ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"], "keys")
    t.equal((mine["status"], mine["owner"], mine["annotations"]), ("created", "root", {"k": "v"}), "status, owner, annotations")
    t.equal(result.out.count("\n"), 1, "line ends")
    t.check(c.id in t.ok("list", "-q").lines, "list -q does not print the id")
    t.equal(t.call("list", "--format", "yaml").status, 1, "status of an unknown format")


@test(peers="runc")
def list_of_an_empty_root_prints_null_as_json_and_a_bare_head_as_table(t):
    os.makedirs(t.path("root"), mode=0o711)
    t.equal(t.ok("list", "-f", "json", options=("--root", t.path("root"))).out, "null\n", "json")
    t.matches(t.ok("list", options=("--root", t.path("root"))).out, r"^ID +PID +STATUS +BUNDLE +CREATED +OWNER *\n$", "table")


@test(peers="")
def list_fails_for_a_missing_root_that_was_asked_for(t):
    t.equal(t.call("list", options=("--root", t.path("missing"))).status, 1, "status")
    t.check(not os.path.exists(t.path("missing")), "list made the root directory")


@test(seconds=60)
def list_never_fails_while_containers_vanish(t):
    stop = threading.Event()
    bundle = t.bundle("true").save()
    failed = []

    def churn(number):
        while not stop.is_set():
            result = t.rt.call("run", "-b", bundle.path, f"{t.identities[number]}")
            if result.status != 0:
                failed.append(result.told())

    for _ in range(2):
        t.id("churn")
    threads = [threading.Thread(target=churn, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    try:
        for _ in range(60):
            result = t.rt.call("list", "--format", "json")
            if result.status != 0:
                t.story.append(result.told())
            t.equal(result.status, 0, "status of list")
            json.loads(result.out)
    finally:
        stop.set()
        for each in threads:
            each.join()
    t.equal(failed, [], "failed runs")


@test()
def containers_live_below_the_root_that_is_given(t):
    root = t.path("other-root")
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    t.ok("run", "-d", "-b", bundle.path, identity, options=("--root", root))
    try:
        t.check(os.path.isdir(os.path.join(root, identity)), "no state directory below --root")
        t.equal(t.state(identity, options=("--root", root))["status"], "running", "status")
        t.equal(t.call("state", identity).status, 1, "status of state in the default root")
    finally:
        t.ok("delete", "--force", identity, options=("--root", root))
    t.equal([name for name in os.listdir(root) if not name.startswith(".")], [], "what is left in the root")


@test(peers="")
def the_state_directory_is_private_to_root(t):
    c = t.created(t.bundle("sleep", "1000"))
    for path, mask in ((t.rt.root, 0o022), (os.path.join(t.rt.root, c.id), 0o022)):
        facts = os.stat(path)
        t.equal((facts.st_uid, facts.st_mode & mask), (0, 0), f"owner and write bits of {path}")
    for name in os.listdir(os.path.join(t.rt.root, c.id)):
        facts = os.lstat(os.path.join(t.rt.root, c.id, name))
        t.equal(facts.st_mode & 0o077, 0, f"group and other bits of {name}")


@test(peers="runc")
def ids_are_checked_before_anything_happens(t):
    bundle = t.bundle("true").save()
    for bad in ("", "..", ".", "a/b", "../x", "/etc", "a b", "a\nb", "ä", "a:b", "%h", ".hidden", "a" * 2000):
        for verb in (["run", "-b", bundle.path], ["create", "-b", bundle.path], ["state"], ["start"], ["kill"], ["delete"],
                     ["delete", "--force"]):
            if t.rt.name != "unitc" and (bad in (".hidden", "-x", "a" * 2000) or verb[0] != "run"):
                continue
            result = t.call(*verb, "--", bad) if bad == "-x" else t.call(*verb, bad)
            t.check(result.status == 1, f"{verb} {bad!r} gave status {result.status}")


@test(peers="")
def ids_of_every_allowed_character_work(t):
    for good in ("a", "A.b", "a_b", "a+b", "a-b", "0", "_", "x" * 64, "a..b", "a--b"):
        identity = f"st{os.getpid()}{good}"
        t.identities.append(identity)
        t.run(t.bundle("true"), identity=identity)


@test(peers="")
def a_long_id_is_accepted_or_refused_before_systemd_sees_it(t):
    bundle = t.bundle("true").save()
    for length in (200, 240, 243, 244, 250, 255, 256, 1024):
        identity = "l" * length
        result = t.call("run", "-b", bundle.path, identity)
        t.check(result.status in (0, 1), f"status for {length} characters: {result.status}")
        if length > 244:
            t.equal(result.status, 1, f"status for {length} characters")
            t.check(re.search("id|name", result.err), f"the error does not speak of the id: {result.err}")
    t.equal(process.stat(1)[0] in "SR", True, "PID 1 is alive")
    t.check(systemd.units(), "the manager does not answer")


@test(peers="")
def delete_removes_groups_nested_deeper_than_systemd_looks(t):
    nest = "d=/sys/fs/cgroup; for i in $(seq 120); do d=$d/x; mkdir $d; done; echo made"
    for more, words in (("; exec sleep 1000", ("delete", "--force")), ("", ("delete",))):
        bundle = t.bundle(shell=nest + more)
        bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
        c = t.created(bundle)
        group = c.cgroup
        t.start(c)
        c.wait_for_output("made")
        if not more:
            c.wait_stopped()
            t.no_unit(c.id)
        t.ok(*words, c.id)
        t.check(not os.path.exists(group), f"the cgroup is left after {' '.join(words)}")


@test(peers="")
def kill_reaches_an_init_that_left_the_others_in_its_unit(t):
    outside = f"/sys/fs/cgroup/st-left-{os.getpid()}"
    os.mkdir(outside)
    t.finally_do(lambda: os.rmdir(outside))
    script = f"sleep 1000 & echo $$ > {outside}/cgroup.procs; echo moved; exec sleep 1001"
    bundle = t.bundle(shell=script).drop_namespace("cgroup").drop_namespace("pid")
    bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
    c = t.detached(bundle)
    c.wait_for_output("moved")
    t.machine_needs(tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 9), "needs pidfs (Linux 6.9)")
    pids = cgroup.processes(c.cgroup) + [c.pid]
    t.equal(len(pids), 2, "processes in both groups")
    t.ok("kill", c.id, "KILL")
    t.check(until(lambda: not any(process.alive(pid) for pid in pids)), "some process outlived kill KILL")
    c.wait_stopped()


@test(peers="")
def kill_reaches_what_is_left_when_init_has_gone(t):
    c = t.detached(t.bundle(shell="sleep 1000 & sleep 1001 & echo ready; wait").drop_namespace("pid"))
    c.wait_for_output("ready")
    pids = cgroup.processes(c.cgroup)
    os.kill(c.pid, signal.SIGKILL)
    c.wait_stopped()
    t.equal(t.call("kill", c.id, "TERM").status, 1, "status of a signal for an init that has gone")
    t.ok("kill", c.id, "KILL")
    t.check(until(lambda: not any(process.alive(pid) for pid in pids)), "some process outlived kill KILL")
    t.no_unit(c.id)
    result = t.call("kill", c.id, "KILL")
    t.equal(result.status, 1, "status when nobody is left")
    t.one_error(result, "container not running")
    t.ok("kill", "-a", c.id, "KILL")


@test(peers="runc")
def delete_force_removes_threaded_sub_cgroups(t):
    c = t.detached(t.bundle(shell="sleep 1000 & echo ready; exec sleep 1001"))
    c.wait_for_output("ready")
    below = os.path.join(c.cgroup, "threads")
    os.mkdir(below)
    sleeper = next(pid for pid in cgroup.processes(c.cgroup) if pid != c.pid)
    for name, value in (("cgroup.type", "threaded"), ("cgroup.threads", str(sleeper))):
        with open(os.path.join(below, name), "w") as file:
            file.write(value)
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: not os.path.exists(below)), f"{below} is still there")
    t.check(not process.alive(sleeper), "a process in a threaded cgroup is still alive")
    t.no_unit(c.id)
