# SPDX-License-Identifier: Apache-2.0
"""The command line: flags, exit statuses and documents, as scripts written for runc expect them."""

import json
import os

from lab import default_config, test


@test(lane="both", peers="")
def spec_writes_the_fields_default_config(t):
    os.makedirs(t.path("dir"))
    result = t.ok("spec", cwd=t.path("dir"))
    t.equal(result.out, "", "stdout")
    found = json.load(open(t.path("dir/config.json")))
    wanted = default_config()
    t.check(found.pop("hostname"), "hostname is empty")
    wanted.pop("hostname")
    t.check(found["ociVersion"].startswith("1."), found["ociVersion"])
    wanted["ociVersion"] = found["ociVersion"]
    if t.rt.is_unitc:
        # Newer lists of masked paths may hold more (RAPL: GHSA-7ww5-4wqc-m92c), never less.
        t.check(set(found["linux"]["maskedPaths"]) >= set(wanted["linux"]["maskedPaths"]), f"masked paths {found['linux']['maskedPaths']}")
    found["linux"].pop("maskedPaths")
    wanted["linux"].pop("maskedPaths")
    t.equal(found, wanted, "config.json")


@test(peers="")
def the_default_spec_masks_what_leaks_power_readings(t):
    os.makedirs(t.path("dir"))
    t.ok("spec", "--bundle", t.path("dir"))
    masked = json.load(open(t.path("dir/config.json")))["linux"]["maskedPaths"]
    t.check("/sys/devices/virtual/powercap" in masked, f"masked paths {masked}")


@test()
def spec_takes_a_bundle_and_does_not_overwrite(t):
    os.makedirs(t.path("dir"))
    t.ok("spec", "--bundle", t.path("dir"))
    before = open(t.path("dir/config.json")).read()
    with open(t.path("dir/config.json"), "w") as file:
        file.write("mine")
    result = t.call("spec", "-b", t.path("dir"))
    t.equal(result.status, 1, "status")
    if t.rt.name != "crun":
        t.contains(result.err, "exists")
    t.equal(open(t.path("dir/config.json")).read(), "mine", "config.json")
    json.loads(before)


@test(lane="both", peers="")
def a_container_from_the_runtimes_own_spec_runs(t):
    bundle = t.bundle("true")
    t.ok("spec", "-b", bundle.path)
    path = os.path.join(bundle.path, "config.json")
    config = json.load(open(path))
    config["process"]["terminal"] = False
    config["process"]["args"] = ["echo", "from spec"]
    json.dump(config, open(path, "w"))
    t.equal(t.ok("run", "-b", bundle.path, t.id()).out, "from spec\n", "stdout")


@test(peers="runc")
def features_is_the_document_of_the_specification(t):
    found = json.loads(t.ok("features").out)
    for key in ("ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations"):
        t.check(key in found, f"{key} is missing")
    t.check(set(found["linux"]["namespaces"]) >= {"cgroup", "ipc", "mount", "network", "pid", "uts"}, found["linux"]["namespaces"])
    t.check("CAP_SYS_ADMIN" in found["linux"]["capabilities"], "capabilities")
    t.equal(found["linux"]["cgroup"]["v2"], True, "linux.cgroup.v2")
    t.equal(found["linux"]["cgroup"]["systemd"], True, "linux.cgroup.systemd")
    t.check({"bind", "rbind", "ro", "nosuid"} <= set(found["mountOptions"]), "mountOptions")
    t.check({"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"} <= set(found["linux"]["seccomp"]["actions"]), "seccomp actions")


@test(peers="")
def features_names_what_is_unsafe_and_claims_no_cgroup_v1(t):
    found = json.loads(t.ok("features").out)
    t.check("org.systemd.property." in found["potentiallyUnsafeConfigAnnotations"], "potentiallyUnsafeConfigAnnotations")
    t.equal(found["linux"]["cgroup"].get("v1", False), False, "linux.cgroup.v1")
    t.equal(found["ociVersionMax"][:4], "1.3.", "ociVersionMax")


@test(seconds=90, peers="")
def features_lists_only_mount_options_that_work(t):
    """Every listed option must be taken, alone, by a tmpfs or a bind."""
    found = json.loads(t.ok("features").out)["mountOptions"]
    refused = []
    for option in found:
        accepted = False
        for kind, source, more in (("tmpfs", "tmpfs", []), ("bind", "/usr", ["bind"])):
            bundle = t.bundle("true").mount("/mnt", kind, source, *more, option).save()
            accepted = accepted or t.rt.call("run", "-b", bundle.path, t.id()).status == 0
        if not accepted:
            refused.append(option)
    t.equal([option for option in refused if option not in ("idmap", "ridmap", "remount")], [], "listed options that do not work")


@test(lane="both", peers="runc")
def version_names_the_program_and_the_specification(t):
    for flag in ("--version", "-v"):
        result = t.call(flag)
        t.equal(result.status, 0, "status")
        t.matches(result.lines[0], rf"^{t.rt.name} version \S+", "first line")
        t.matches(result.out, r"(?m)^spec: 1\.\d+\.\d+", "spec line")


@test(peers="runc")
def help_goes_to_stdout_and_names_every_command(t):
    for words in (["--help"], ["-h"], ["help"]):
        result = t.call(*words)
        t.equal((result.status, result.err), (0, ""), f"status and stderr of {words}")
        t.contains(result.out, "create", "start", "run", "state", "list", "kill", "delete", "spec", "features", "--root", "--log")


@test(peers="runc")
def every_command_has_help_with_its_flags(t):
    for command, flags in (("run", ("--bundle", "--detach", "--pid-file", "--console-socket", "--preserve-fds", "--keep", "--no-subreaper")),
                           ("create", ("--bundle", "--pid-file", "--console-socket", "--preserve-fds")), ("delete", ("--force",)),
                           ("list", ("--format", "--quiet")), ("spec", ("--bundle",)), ("state", ()), ("kill", ()), ("start", ())):
        result = t.call(command, "--help")
        t.equal(result.status, 0, f"status of {command} --help")
        t.contains(result.out, *flags)


@test(peers="runc")
def wrong_numbers_of_arguments_are_refused_in_runcs_words(t):
    for words, text in ((["state"], "requires exactly 1 argument"), (["state", "a", "b"], "requires exactly 1 argument"),
                        (["start"], "requires exactly 1 argument"), (["create"], "requires exactly 1 argument"),
                        (["run", "a", "b"], "requires exactly 1 argument"), (["delete"], "requires exactly 1 argument"),
                        (["kill"], "requires a minimum of 1 argument"), (["kill", "a", "b", "c"], "requires a maximum of 2 argument"),
                        (["list", "x"], "requires exactly 0 argument"), (["spec", "x"], "requires exactly 0 argument"),
                        (["features", "x"], "requires exactly 0 argument")):
        result = t.call(*words)
        t.equal(result.status, 1, f"status of {words}")
        t.contains(result.err, text)


@test()
def unknown_commands_and_flags_are_refused(t):
    for words in (["no-such-command"], ["run", "--no-such-flag", "x"], ["--no-such-global", "list"]):
        result = t.call(*words)
        t.check(result.status != 0, f"status of {words}")
        if t.rt.is_unitc:
            t.one_error(result, words[0] if words[0] == "no-such-command" else "no-such")


@test(peers="runc")
def flags_are_taken_in_all_their_spellings(t):
    bundle = t.bundle("echo", "fine").save()
    for words in (["--bundle", bundle.path], [f"--bundle={bundle.path}"], ["-b", bundle.path], [f"-b={bundle.path}"],
                  ["-bundle", bundle.path], [f"-bundle={bundle.path}"]):
        result = t.call("run", *words, t.id())
        t.equal((result.status, result.out), (0, "fine\n"), f"status and stdout with {words}")


@test(peers="runc")
def bad_flag_values_are_refused_before_anything_happens(t):
    bundle = t.bundle("true").save()
    for words in (["--preserve-fds", "x"], ["--preserve-fds", "99999999999999999999"], ["--preserve-fds"], ["--detach=maybe"]):
        result = t.call("run", "-b", bundle.path, *words, t.id())
        t.check(result.status != 0, f"status with {words}")


@test(peers="")
def root_must_not_be_the_root_directory(t):
    for value in ("/", "", "/..", "/tmp/.."):
        result = t.call("list", options=("--root", value), cwd="/")
        t.equal(result.status, 1, f"status with --root {value!r}")
        t.contains(result.err, "root")


@test(lane="both", peers="")
def systemd_cgroup_and_rootless_are_accepted(t):
    bundle = t.bundle("echo", "fine")
    t.equal(t.run(bundle, options=("--systemd-cgroup",)).out, "fine\n", "stdout with --systemd-cgroup")
    for value in ("false", "auto", "true"):
        t.equal(t.run(bundle, options=("--rootless", value)).out, "fine\n", f"stdout with --rootless {value}")


@test(peers="")
def spec_rootless_writes_a_config_that_runs(t):
    bundle = t.bundle("true")
    t.ok("spec", "--rootless", "-b", bundle.path)
    path = os.path.join(bundle.path, "config.json")
    with open(path) as file:
        config = json.load(file)
    t.equal(config["linux"]["uidMappings"], [{"containerID": 0, "hostID": 0, "size": 1}], "uidMappings")
    config["process"].update(terminal=False, args=["sh", "-c", "cat /proc/self/uid_map; ls -A /sys/fs/cgroup | head -1"])
    with open(path, "w") as file:
        json.dump(config, file)
    result = t.call("run", "-b", bundle.path, t.id())
    t.equal((result.status, result.lines[0].split()), (0, ["0", "0", "1"]), "status and uid_map")
    t.check(len(result.lines) > 1, "no cgroup is mounted")


@test(peers="")
def checkpoint_and_restore_are_refused_by_name(t):
    for verb in ("checkpoint", "restore"):
        result = t.call(verb, "--image-path", "x", "web")
        t.equal(result.status, 1, f"status of {verb}")
        t.one_error(result, f"'{verb}' is not supported yet")


@test(peers="")
def a_user_who_is_not_root_gets_a_clear_error(t):
    bundle = t.bundle("true").save()
    result = t.call("run", "-b", bundle.path, t.id(), preexec=lambda: (os.setgroups([]), os.setresgid(65534, 65534, 65534),
                                                                         os.setresuid(65534, 65534, 65534)))
    t.equal(result.status, 1, "status")
    t.one_error(result)


@test(peers="")
def plan_changes_nothing_and_says_what_would_be_done(t):
    bundle = t.bundle("sleep", "100")
    before = sorted(os.listdir(t.rt.root)) if os.path.isdir(t.rt.root) else []
    text = t.plan(bundle).out
    for words in ("unit ", "property ", "mount", "/proc", "sleep"):
        t.contains(text, words)
    t.equal(sorted(os.listdir(t.rt.root)) if os.path.isdir(t.rt.root) else [], before, "state root")
    t.equal(t.plan(bundle).out, text, "the second plan of the same bundle")


@test(peers="")
def a_copy_of_the_binary_elsewhere_works(t):
    """Nothing but the binary and the machine is needed."""
    path = t.path("renamed")
    with open(t.rt.path, "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    os.chmod(path, 0o755)
    bundle = t.bundle("echo", "fine").save()
    result = t.command(path, "run", "-b", bundle.path, t.id())
    t.equal((result.status, result.out), (0, "fine\n"), "status and stdout")


@test(peers="")
def an_empty_environment_is_enough(t):
    t.equal(t.run(t.bundle("echo", "fine"), env={}).out, "fine\n", "stdout")


@test(peers="")
def help_says_the_name_that_was_called(t):
    os.symlink(os.path.realpath(t.rt.path), link := t.path("runc"))
    t.contains(t.command(link, "--help").out, "NAME:\n   runc - Open Container Initiative runtime\n")
    t.contains(t.command(link, "run", "--help").out, "NAME:\n   runc run - ")
    t.contains(t.command(link, "run", "-b", "/nonexistent", "x").err, "runc run failed: ")
    t.contains(t.command(link, "--version").out, "unitc version ")
