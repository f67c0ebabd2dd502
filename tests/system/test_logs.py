# SPDX-License-Identifier: Apache-2.0
"""`--log`, `--log-format` and `--debug`, as engines parse them."""

import json
import os
import re

from lab import test


def _failing(t):
    return t.bundle("/no/such/program").save()


@test(lane="both", peers="runc")
def the_json_log_has_level_msg_and_time(t):
    result = t.call("create", "-b", _failing(t).path, t.id(), options=("--log", t.path("log"), "--log-format", "json"))
    t.equal(result.status, 1, "status")
    entries = [json.loads(line) for line in open(t.path("log"))]
    errors = [entry for entry in entries if entry["level"] == "error"]
    t.equal(len(errors), 1, f"error entries in {entries}")
    t.equal(set(errors[0]) >= {"level", "msg", "time"}, True, f"keys {sorted(errors[0])}")
    t.contains(errors[0]["msg"], "no such file or directory")
    t.matches(errors[0]["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", "time")


@test(peers="runc")
def with_a_log_file_the_bare_error_goes_to_stderr_too(t):
    result = t.call("create", "-b", _failing(t).path, t.id(), options=("--log", t.path("log")))
    t.contains(result.err, "no such file or directory")
    t.matches(open(t.path("log")).read(), r'time="[^"]+" level=error msg="', "the log")


@test(peers="runc")
def the_text_log_goes_to_stderr_by_default(t):
    result = t.call("create", "-b", _failing(t).path, t.id())
    t.matches(result.err, r'(?m)^time="\d{4}-\d\d-\d\dT[^"]+" level=error msg="', "stderr")


@test(peers="runc")
def json_goes_to_stderr_without_a_file(t):
    result = t.call("create", "-b", _failing(t).path, t.id(), options=("--log-format", "json"))
    entries = [json.loads(line) for line in result.err.splitlines()]
    t.check(any(entry["level"] == "error" for entry in entries), result.err)


@test(peers="runc")
def the_log_is_appended_to(t):
    with open(t.path("log"), "w") as file:
        file.write("first line\n")
    t.call("create", "-b", _failing(t).path, t.id(), options=("--log", t.path("log")))
    t.check(open(t.path("log")).read().startswith("first line\n"), "the log was truncated")


@test(peers="runc")
def a_good_run_logs_nothing(t):
    t.run(t.bundle("true"), options=("--log", t.path("log"), "--log-format", "json"))
    text = open(t.path("log")).read() if os.path.exists(t.path("log")) else ""
    t.check('"level":"error"' not in text, text)


@test(peers="")
def messages_with_quotes_newlines_and_bytes_stay_one_line_of_json(t):
    for program in ('/no "quotes"', "/no\nnewline", "/no\ttab", "/no\u0001control", "/nö-ümlaut", "/no\\backslash"):
        log = t.path("log")
        if os.path.exists(log):
            os.unlink(log)
        bundle = t.bundle(program).save()
        t.call("create", "-b", bundle.path, t.id(), options=("--log", log, "--log-format", "json"))
        entries = [json.loads(line) for line in open(log)]
        t.check(any(program in entry["msg"] for entry in entries), f"{program!r} is not in {entries}")


@test(peers="runc")
def an_unknown_format_is_refused(t):
    bundle = t.bundle("true").save()
    identity = t.id()
    result = t.call("run", "-b", bundle.path, identity, options=("--log-format", "xml"))
    t.equal(result.status, 1, "status")
    t.contains(result.err, "log-format")


@test(peers="runc")
def a_log_that_cannot_be_opened_is_an_error_before_anything_happens(t):
    bundle = t.bundle("true").save()
    identity = t.id()
    result = t.call("run", "-b", bundle.path, identity, options=("--log", t.path("no/dir/log")))
    t.equal(result.status, 1, "status")
    t.gone(identity)


@test(peers="")
def debug_prints_a_timing_for_each_step(t):
    result = t.run(t.bundle("true"), options=("--debug",))
    t.matches(result.err, r"level=debug", "stderr")
    t.check(len(re.findall(r"\d+(\.\d+)? ?(us|ms|µs)", result.err)) >= 5, f"fewer than five step timings in {result.err}")


@test(peers="")
def a_log_to_a_full_device_changes_nothing(t):
    t.equal(t.run(t.bundle("echo", "fine"), options=("--log", "/dev/full")).out, "fine\n", "stdout")
    t.equal(t.call("run", "-b", _failing(t).path, t.id(), options=("--log", "/dev/full")).status, 1, "status")


@test(peers="")
def the_log_is_not_open_in_the_container(t):
    c = t.detached(t.bundle("sleep", "1000"), options=("--log", t.path("log"), "--debug"))
    t.equal(sorted(os.listdir(f"/proc/{c.pid}/fd")), ["0", "1", "2"], "descriptors")
