// SPDX-License-Identifier: Apache-2.0
// Real programs as hooks, and the document they are told.
#include <gtest/gtest.h>

#include "base/failure.hpp"
#include "hooks/run.hpp"
#include "hooks/state.hpp"

namespace unitc::hooks {
namespace {

Setting setting(std::optional<Deadline> deadline = std::nullopt) {
    return {.name = "createRuntime", .env = {"FROM=caller"}, .directory = -1, .deadline = deadline};
}

oci::Hook shell(const std::string& script) {
    return {"/bin/sh", {"sh", "-c", script}, std::nullopt, std::nullopt};
}

TEST(State, IsOneJsonObjectInTheOrderOfTheSpecification) {
    const ContainerState state{"1.3.0", "web", "/srv/\"w\"", {{"a", "1\n"}, {"b\\", ""}}};
    EXPECT_EQ(to_json(state, "created", 42),
              R"({"ociVersion":"1.3.0","id":"web","status":"created","pid":42,)"
              R"("bundle":"/srv/\"w\"","annotations":{"a":"1\n","b\\":""}})");
    EXPECT_EQ(to_json({"1.0.0", "x", "/x", {}}, "stopped", 0),
              R"({"ociVersion":"1.0.0","id":"x","status":"stopped","bundle":"/x"})");
}

TEST(Run, GivesTheStateAndNothingMore) {
    EXPECT_THAT(run(setting(), {shell("test \"$(cat)\" = state")}, "state"), Succeeds());
    EXPECT_THAT(run(setting(), {shell("cat; exit 1")}, std::string(200'000, 's')),
                FailsWith(0, "stdout: " + std::string(8192, 's') + ", stderr: "));
}

TEST(Run, StopsAtTheFirstFailure) {
    EXPECT_THAT(
        run(setting(), {shell(":"), shell("echo out; echo err >&2; exit 3"), shell("exit 4")}, ""),
        FailsWith(0,
                  "error running createRuntime hook #1: exit status 3, stdout: out\n, "
                  "stderr: err\n"));
}

TEST(Run, TellsWhyAHookCouldNotRun) {
    EXPECT_THAT(run(setting(), {{"/nonexistent", {}, std::nullopt, std::nullopt}}, ""),
                FailsWith(ENOENT, "hook #0: fork/exec /nonexistent: no such file or directory"));
    EXPECT_THAT(run(setting(), {shell("kill -15 $$")}, ""), FailsWith(0, "signal: terminated"));
}

TEST(Run, UsesTheCallersVariablesOnlyWhereThereAreNone) {
    oci::Hook hook = shell("test \"$FROM\" = caller");
    EXPECT_THAT(run(setting(), {hook}, ""), Succeeds());
    hook = shell("test -z \"$FROM\"");
    hook.env.emplace();
    EXPECT_THAT(run(setting(), {hook}, ""), Succeeds());
}

TEST(Run, EndsAHookThatTakesTooLong) {
    oci::Hook hook = shell("sleep 100");
    hook.timeout = 1;
    const int64_t before = monotonic_us();
    EXPECT_THAT(run(setting(), {hook}, ""),
                FailsWith(0, "hook ran past specified timeout of 1.0s"));
    EXPECT_THAT(run(setting(Deadline::in_ms(100)), {hook}, ""),
                FailsWith(0, "hook ran past the time that the command may take"));
    EXPECT_LT(monotonic_us() - before, 10'000'000);
}

TEST(Run, DoesNotWaitForWhatAHookLeavesBehind) {
    const int64_t before = monotonic_us();
    EXPECT_THAT(run(setting(), {shell("sleep 5 & exit 0")}, ""), Succeeds());
    EXPECT_LT(monotonic_us() - before, 4'000'000);
}

}  // namespace
}  // namespace unitc::hooks
