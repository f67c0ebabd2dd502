# SPDX-License-Identifier: Apache-2.0
"""Bad input: exit status 1, one error that names the JSON path or the flag, and no side effect. The
unit tests try every field; these prove for one of each kind that nothing has happened on the machine."""

import json
import os

from lab import cgroup, messages, systemd, test


def _set(path, value):
    def edit(config):
        *parents, last = path
        for part in parents:
            config = config[part]
        config[last] = value

    return edit


def _drop(path):
    def edit(config):
        *parents, last = path
        for part in parents:
            config = config[part]
        config.pop(last)

    return edit


_LONG = "x" * 70000
_BAD = (
    # wrong types
    ("process", _set(["process"], [])),
    ("process.args", _set(["process", "args"], "sh")),
    ("process.args[0]", _set(["process", "args"], [1])),
    ("process.terminal", _set(["process", "terminal"], "yes")),
    ("process.cwd", _set(["process", "cwd"], 1)),
    ("process.env", _set(["process", "env"], {"A": "b"})),
    ("process.user.uid", _set(["process", "user", "uid"], "0")),
    ("process.user.additionalGids", _set(["process", "user", "additionalGids"], 5)),
    ("root.readonly", _set(["root", "readonly"], 1)),
    ("mounts", _set(["mounts"], {})),
    ("mounts[0].options", _set(["mounts", 0, "options"], "ro")),
    ("hostname", _set(["hostname"], 5)),
    ("annotations", _set(["annotations"], ["a"])),
    ("annotations", _set(["annotations"], {"a": 1})),
    ("linux.namespaces", _set(["linux", "namespaces"], "pid")),
    ("linux.maskedPaths", _set(["linux", "maskedPaths"], [None])),
    ("linux.resources.memory.limit", _set(["linux", "resources", "memory"], {"limit": "512m"})),
    ("linux.resources.cpu", _set(["linux", "resources", "cpu"], 4)),
    # missing
    ("ociVersion", _drop(["ociVersion"])),
    ("process.cwd", _drop(["process", "cwd"])),
    ("process.args", _drop(["process", "args"])),
    ("root.path", _drop(["root", "path"])),
    ("mounts[0].destination", _drop(["mounts", 0, "destination"])),
    ("linux.namespaces[0].type", _drop(["linux", "namespaces", 0, "type"])),
    ("process.rlimits[0].hard", _drop(["process", "rlimits", 0, "hard"])),
    # empty
    ("process.args", _set(["process", "args"], [])),
    ("process.cwd", _set(["process", "cwd"], "")),
    ("root.path", _set(["root", "path"], "")),
    # out of range
    ("process.user.uid", _set(["process", "user", "uid"], -1)),
    ("process.user.gid", _set(["process", "user", "gid"], 2**32)),
    ("process.user.umask", _set(["process", "user", "umask"], 0o10000)),
    ("process.oomScoreAdj", _set(["process", "oomScoreAdj"], 1001)),
    ("process.rlimits[0].soft", _set(["process", "rlimits", 0, "soft"], 2**64)),
    ("process.rlimits[0]", _set(["process", "rlimits", 0], {"type": "RLIMIT_NOFILE", "soft": 10, "hard": 5})),
    ("linux.resources.cpu.idle", _set(["linux", "resources", "cpu"], {"idle": 2})),
    ("linux.resources.cpu.period", _set(["linux", "resources", "cpu"], {"quota": 1000, "period": 1})),
    ("linux.resources.cpu.quota", _set(["linux", "resources", "cpu"], {"quota": 500, "period": 100000})),
    ("linux.resources.blockIO.weight", _set(["linux", "resources", "blockIO"], {"weight": 5})),
    ("linux.resources.memory.limit", _set(["linux", "resources", "memory"], {"limit": -2})),
    ("linux.resources.memory.swap", _set(["linux", "resources", "memory"], {"limit": 1048576, "swap": 1024})),
    ("linux.resources.memory.swap", _set(["linux", "resources", "memory"], {"swap": 1048576})),
    ("linux.resources.memory.limit", _set(["linux", "resources", "memory"], {"limit": 1e30})),
    # unknown words
    ("linux.namespaces[0].type", _set(["linux", "namespaces", 0, "type"], "pids")),
    ("process.rlimits[0].type", _set(["process", "rlimits", 0, "type"], "RLIMIT_NOPE")),
    ("process.capabilities.effective", _set(["process", "capabilities", "effective"], ["cap_nope"])),
    ("linux.rootfsPropagation", _set(["linux", "rootfsPropagation"], "publicly")),
    ("linux.devices[0].type", _set(["linux", "devices"], [{"path": "/dev/x", "type": "z", "major": 1, "minor": 3}])),
    ("linux.resources.devices[0].access", _set(["linux", "resources", "devices"], [{"allow": False, "access": "rwx"}])),
    ("linux.resources.cpu.cpus", _set(["linux", "resources", "cpu"], {"cpus": "0-"})),
    ("linux.resources.cpu.cpus", _set(["linux", "resources", "cpu"], {"cpus": "3-1"})),
    ("linux.resources.unified", _set(["linux", "resources", "unified"], {"../memory.max": "1"})),
    # not absolute, doubled, too long, with a NUL
    ("process.cwd", _set(["process", "cwd"], "tmp")),
    ("linux.maskedPaths", _set(["linux", "maskedPaths"], ["relative"])),
    ("linux.readonlyPaths", _set(["linux", "readonlyPaths"], ["relative"])),
    ("linux.namespaces", _set(["linux", "namespaces"], [{"type": "pid"}, {"type": "mount"}, {"type": "pid"}])),
    ("process.rlimits", _set(["process", "rlimits"], [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}] * 2)),
    ("process.env[0]", _set(["process", "env"], ["A=\u0000b"])),
    ("process.args[1]", _set(["process", "args"], ["sh", "a\u0000b"])),
    ("hostname", _set(["hostname"], "h\u0000st")),
    ("hostname", _set(["hostname"], "h" * 65)),
    ("domainname", _set(["domainname"], "d" * 65)),
    ("mounts[0].destination", _set(["mounts", 0, "destination"], "/" + _LONG)),
    ("root.path", _set(["root", "path"], _LONG)),
)


def _case(t, path, edit):
    bundle = t.bundle("true")
    edit(bundle.config)
    with open(os.path.join(bundle.path, "config.json"), "w") as file:
        json.dump(bundle.config, file)
    identity = t.id()
    result = t.rt.call("create", "-b", bundle.path, identity)
    told = result.told()
    if result.status != 1 or path not in result.err or len(result.err.strip().splitlines()) != 1:
        t.story.append(told)
        return f"{path}: status {result.status}"
    if os.path.exists(os.path.join(t.rt.root, identity)):
        return f"{path}: a state directory was made"
    return None


@test(lane="both", peers="", seconds=90)
def every_kind_of_bad_field_is_one_error_that_names_its_path(t):
    wrong = [trouble for path, edit in _BAD if (trouble := _case(t, path, edit))]
    t.equal(wrong, [], "fields that were not refused properly")


@test(peers="")
def nothing_has_happened_when_a_config_is_refused(t):
    t.machine_needs(os.path.exists("/usr/bin/strace"), "needs strace")
    bundle = t.bundle("true")
    bundle.resources["memory"] = {"limit": "much"}
    bundle.save()
    t.command("strace", "-f", "-o", t.path("trace"), *t.rt.argv(["run", "-b", bundle.path, t.id()]))
    # All but the process that begins the kernel's wait, which changes nothing (src/cgroup/grace.hpp).
    text = "".join(line for line in open(t.path("trace")) if "clone3({flags=0, exit_signal=0," not in line)
    for call in ("clone3(", "clone(", "fork(", "connect(", "mkdirat(", "mkdir(", "mount(", "fsopen(", "unshare("):
        t.check(call not in text, f"{call} before the config was refused:\n" + "\n".join(l for l in text.splitlines() if call in l))


def _raw(t, data):
    bundle = t.bundle("true")
    with open(os.path.join(bundle.path, "config.json"), "wb") as file:
        file.write(data)
    identity = t.id()
    result = t.call("run", "-b", bundle.path, identity, timeout=10)
    t.equal(result.status, 1, f"status for {data[:40]!r}")
    t.one_error(result)
    t.check(not systemd.loaded(t.rt.unit(identity)), "a unit was made")
    return result


@test(peers="crun runc")
def what_is_no_config_at_all(t):
    for data in (b"", b"{", b"[]", b"null", b"42", b'"text"', b"\xff\xfe\x00", b"{}", b'{"ociVersion": "1.0.0"', b'{"a": 1} x'):
        if t.rt.name == "unitc" or data in (b"", b"{", b"[]", b"\xff\xfe\x00"):
            _raw(t, data)


@test(peers="")
def limits_of_depth_size_and_count(t):
    _raw(t, b'{"ociVersion":' + b"[" * 100000 + b"]" * 100000 + b"}")
    _raw(t, b'{"ociVersion": "1.0.0", "annotations": {"a": ' + b'{"b":' * 5000 + b"1" + b"}" * 5001 + b"}")
    _raw(t, b'{"ociVersion": "' + b"1" * (17 * 2**20) + b'"}')
    with open(t.path("sparse"), "wb") as file:
        file.truncate(20 * 2**30)
    bundle = t.bundle("true")
    os.symlink(t.path("sparse"), os.path.join(bundle.path, "config.json"))
    result = t.call("run", "-b", bundle.path, t.id(), timeout=5)
    t.equal(result.status, 1, "status for 20 GiB")
    t.check(result.seconds < 2 * t.scale, f"took {result.seconds:.1f} s")


@test(peers="")
def a_config_that_is_no_regular_file(t):
    for make in (os.mkdir, os.mkfifo):
        bundle = t.bundle("true")
        make(os.path.join(bundle.path, "config.json"))
        result = t.call("run", "-b", bundle.path, t.id(), timeout=5)
        t.equal(result.status, 1, "status")
        t.one_error(result, "config.json")


@test()
def unknown_fields_are_ignored(t):
    bundle = t.bundle("echo", "fine")
    bundle.config["com.example.unknown"] = {"deep": [1, 2, {"x": None}]}
    bundle.process["futureField"] = True
    bundle.linux["anotherField"] = "x"
    t.equal(t.run(bundle).out, "fine\n", "stdout")


@test(peers="runc")
def a_missing_bundle_or_config_names_what_is_missing(t):
    result = t.call("run", "-b", t.path("no-bundle"), t.id())
    t.equal(result.status, 1, "status without a bundle")
    t.one_error(result, "no-bundle")
    os.makedirs(t.path("empty"))
    result = t.call("run", "-b", t.path("empty"), t.id())
    t.equal(result.status, 1, "status without a config.json")
    t.one_error(result, "config.json")


@test(peers="")
def a_missing_rootfs_is_named(t):
    bundle = t.bundle("true")
    bundle.config["root"]["path"] = "no-rootfs"
    t.fails(bundle, words=("no-rootfs",))
    bundle = t.bundle("true")
    bundle.config["root"]["path"] = "config.json"
    t.fails(bundle)


@test(peers="")
def repeated_keys_and_doubled_entries(t):
    bundle = t.bundle("true").save()
    path = os.path.join(bundle.path, "config.json")
    text = open(path).read()
    with open(path, "w") as file:
        file.write(text.replace('"hostname": "runc"', '"hostname": "one", "hostname": "two"'))
    result = t.call("run", "-b", bundle.path, t.id())
    t.check(result.status == 0 or "hostname" in result.err, f"status {result.status}, {result.err}")


@test(peers="")
def the_published_examples_are_taken_or_refused_by_name(t):
    """A Linux example of the specification names things that this machine lacks; the error must say which."""
    bundle = t.bundle("true")
    bundle.config["solaris"] = {"milestone": "x"}
    bundle.config["windows"] = {"layerFolders": ["x"]}
    bundle.save()
    result = t.call("run", "-b", bundle.path, t.id())
    t.check(result.status == 0 or "solaris" in result.err or "windows" in result.err, f"{result.status} {result.err}")


# Options of which any text may be right (tests/unit/cli/bad_value_test.cpp has the others): what they name cannot be.
_NO_FILE = "/nonexistent/file"
_BAD_TEXTS = (
    (("create", "--bundle", _NO_FILE), "bundle '/nonexistent/file'"),
    (("run", "--bundle", _NO_FILE), "bundle '/nonexistent/file'"),
    (("spec", "--bundle", _NO_FILE), _NO_FILE),
    (("create", "--pid-file", _NO_FILE), "--pid-file: "),
    (("create", "--pid-file", "/"), "--pid-file: '/' is a directory, must be a file"),
    (("create", "--pidfd-socket", _NO_FILE), "--pidfd-socket: "),
    (("create", "--console-socket", _NO_FILE), "console socket"),
    (("create", "--log", _NO_FILE), "--log: "),
    (("update", "--resources", _NO_FILE), "--resources"),
    (("update", "--cpuset-cpus", "0-"), "--cpuset-cpus"),
    (("update", "--cpuset-mems", "x"), "--cpuset-mems"),
    (("update", "--l3-cache-schema", "L3:0=f"), "--l3-cache-schema"),
    (("update", "--mem-bw-schema", "MB:0=20"), "--mem-bw-schema"),
    (("exec", "--pid-file", _NO_FILE), "--pid-file: "),
    (("exec", "--pid-file", "/tmp"), "--pid-file: '/tmp' is a directory, must be a file"),
    (("exec", "--pidfd-socket", _NO_FILE), "--pidfd-socket: "),
    (("exec", "-d", "-t", "--console-socket", _NO_FILE), "--console-socket: "),
    (("exec", "--process", _NO_FILE), "--process"),
    (("exec", "--cwd", "relative"), "--cwd 'relative': "),
    (("exec", "--cwd", _NO_FILE), "process.cwd '/nonexistent/file'"),
    (("exec", "--env", "A"), "--env 'A': "),
    (("exec", "--env", "=b"), "--env '=b': "),
    (("exec", "--cap", "CAP_NOPE"), "--cap 'CAP_NOPE': "),
    (("exec", "--cgroup", "../x"), "--cgroup"),
    (("exec", "--cgroup", "none"), "--cgroup"),
    (("exec", "--cgroup", "memory:x"), "--cgroup"),
)


@test(peers="", seconds=60)
def every_option_that_names_what_is_not_there_is_refused(t):
    c = t.detached(t.bundle("sleep", "1000"))
    bundle = t.bundle("true")
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/touch", "args": ["touch", t.path("began")]}]}
    bundle.save()
    wrong = []
    for words, said in _BAD_TEXTS:
        verb, *options = words
        there = cgroup.processes(c.cgroup)
        identity = t.id()
        last = {"create": (identity,), "run": (identity,), "spec": ()}.get(verb, (c.id, "true") if verb == "exec" else (c.id,))
        more = ("-b", bundle.path) if verb == "create" and "--bundle" not in options else ()
        result = t.call(verb, *more, *options, *last)
        if result.status != (255 if verb == "exec" else 1) or said not in messages(result.err) or len(result.err.splitlines()) != 1:
            wrong.append(f"{' '.join(words)}: {result.status} {result.err}")
        if os.path.exists(os.path.join(t.rt.root, identity)) or systemd.loaded(t.rt.unit(identity)):
            wrong.append(f"{' '.join(words)}: left something")
        if os.path.exists(t.path("began")):
            wrong.append(f"{' '.join(words)}: only after a hook had run")
            os.unlink(t.path("began"))
        if cgroup.processes(c.cgroup) != there:
            wrong.append(f"{' '.join(words)}: another process in the container")
    t.equal(wrong, [], "options that were not refused properly")
