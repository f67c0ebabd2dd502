// SPDX-License-Identifier: Apache-2.0
// Which process exec makes of the container's, a file and the command line.
#include "ops/exec_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unitc::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr oci::CapabilitySet kChown = 1U << 0;
constexpr oci::CapabilitySet kKill = 1U << 5;

oci::Process container() {
    oci::Process process;
    process.terminal = true;
    process.args = {"init"};
    process.env = {"PATH=/bin"};
    process.cwd = "/srv";
    process.user = {7, 8, 027, {9}};
    process.capabilities.emplace();
    process.capabilities->bounding = kChown;
    process.capabilities->permitted = kChown;
    process.rlimits = {{7, 100, 50}};
    process.no_new_privileges = true;
    process.apparmor_profile = "profile";
    process.selinux_label = "label";
    process.oom_score_adj = 5;
    return process;
}

ExecRequest request_of(std::vector<std::string> args) {
    ExecRequest request;
    request.args = std::move(args);
    return request;
}

TEST(ExecProcess, is_the_containers_but_for_its_args_and_terminal) {
    const auto got = apply_request(container(), request_of({"true", "x"}));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_THAT(got->args, ElementsAre("true", "x"));
    EXPECT_FALSE(got->terminal);
    EXPECT_EQ(got->cwd, "/srv");
    EXPECT_EQ(got->user.uid, 7U);
    EXPECT_TRUE(got->no_new_privileges);
    EXPECT_EQ(got->capabilities->effective, 0U);
    EXPECT_EQ(got->oom_score_adj, 5);
}

TEST(ExecProcess, takes_what_the_command_line_says) {
    ExecRequest request = request_of({"true"});
    request.cwd = "/tmp";
    request.env = {"A=1", "B="};
    request.uid = 1000;
    request.additional_gids = {10};
    request.no_new_privileges = false;
    request.tty = true;
    request.process_label = "other";
    request.apparmor = "another";
    const auto got = apply_request(container(), request);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->cwd, "/tmp");
    EXPECT_THAT(got->env, ElementsAre("PATH=/bin", "A=1", "B="));
    EXPECT_EQ(got->user.uid, 1000U);
    EXPECT_EQ(got->user.gid, 8U);  // runc's: -u UID leaves the group alone
    EXPECT_THAT(got->user.additional_gids, ElementsAre(9, 10));
    EXPECT_FALSE(got->no_new_privileges);
    EXPECT_TRUE(got->terminal);
    EXPECT_EQ(got->selinux_label, "other");
    EXPECT_EQ(got->apparmor_profile, "another");
    request.gid = 0;
    EXPECT_EQ(apply_request(container(), request)->user.gid, 0U);
}

TEST(ExecProcess, adds_capabilities_but_never_inheritable_ones) {
    ExecRequest request = request_of({"true"});
    request.capabilities = {"CAP_KILL"};
    oci::Process base = container();
    const auto plain = apply_request(base, request);
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(plain->capabilities->bounding, kChown | kKill);
    EXPECT_EQ(plain->capabilities->permitted, kChown | kKill);
    EXPECT_EQ(plain->capabilities->effective, kKill);
    EXPECT_EQ(plain->capabilities->inheritable, 0U);
    EXPECT_EQ(plain->capabilities->ambient, 0U);
    base.capabilities->inheritable = kKill;
    EXPECT_EQ(apply_request(base, request)->capabilities->ambient, kKill);
    base.capabilities.reset();
    EXPECT_EQ(apply_request(base, request)->capabilities->effective, kKill);
}

TEST(ExecProcess, of_a_file_has_the_rest_from_the_container) {
    oci::Process file;
    file.args = {"probe"};
    file.cwd = "/";
    file.terminal = true;
    const oci::Process bare = inherit(file, container());
    EXPECT_EQ(bare.capabilities->bounding, kChown);
    EXPECT_EQ(bare.rlimits.size(), 1U);
    EXPECT_EQ(bare.apparmor_profile, "profile");
    EXPECT_EQ(bare.selinux_label, "label");
    EXPECT_EQ(bare.oom_score_adj, 5);
    EXPECT_EQ(bare.user.umask, 027U);
    // What a file says by saying nothing.
    EXPECT_EQ(bare.user.uid, 0U);
    EXPECT_FALSE(bare.no_new_privileges);
    EXPECT_TRUE(bare.env.empty());

    file.capabilities.emplace();
    file.rlimits = {{1, 2, 2}, {3, 4, 4}};
    file.oom_score_adj = 0;
    file.selinux_label = "own";
    file.user.umask = 0;
    const oci::Process full = inherit(file, container());
    EXPECT_EQ(full.capabilities->bounding, 0U);
    EXPECT_EQ(full.rlimits.size(), 2U);
    EXPECT_EQ(full.oom_score_adj, 0);
    EXPECT_EQ(full.selinux_label, "own");
    EXPECT_EQ(full.user.umask, 0U);
}

TEST(ExecProcess, of_a_file_keeps_its_args_and_terminal) {
    ExecRequest request;
    request.process_file = "process.json";
    oci::Process file;
    file.args = {"probe"};
    file.cwd = "/";
    file.terminal = true;
    EXPECT_THAT(apply_request(file, request)->args, ElementsAre("probe"));
    EXPECT_TRUE(apply_request(file, request)->terminal);
    request.tty = false;
    EXPECT_FALSE(apply_request(file, request)->terminal);
}

TEST(ExecProcess, refuses_what_it_cannot_mean) {
    const auto message = [](const ExecRequest& request) {
        const auto got = apply_request(container(), request);
        return got ? std::string{} : got.error().message;
    };
    EXPECT_EQ(message(request_of({})), "exec args cannot be empty");
    ExecRequest request = request_of({"true"});
    request.cwd = "tmp";
    EXPECT_EQ(message(request), "--cwd 'tmp': must be an absolute path");
    for (const char* variable : {"A", "=1", ""}) {
        request = request_of({"true"});
        request.env = {variable};
        EXPECT_EQ(message(request), std::string{"--env '"} + variable + "': must be NAME=VALUE");
    }
    for (const char* name : {"KILL", "cap_kill", "CAP_FROB", "", "5"}) {
        request = request_of({"true"});
        request.capabilities = {name};
        EXPECT_THAT(message(request), HasSubstr(std::string{"--cap '"} + name + "': must be"));
    }
}

TEST(ExecProcess, stays_below_the_containers_cgroup) {
    const auto path = [](std::vector<std::string> values) {
        auto got = sub_cgroup(values);
        return got ? *std::move(got) : "error: " + got.error().message;
    };
    EXPECT_EQ(path({}), "");
    EXPECT_EQ(path({""}), "");
    EXPECT_EQ(path({"/"}), "/");
    EXPECT_EQ(path({"."}), "/");
    EXPECT_EQ(path({"a"}), "/a");
    EXPECT_EQ(path({"/a//b/"}), "/a/b");
    EXPECT_EQ(path({"a/../b"}), "/b");
    EXPECT_EQ(path({".."}), "error: --cgroup: bad sub cgroup path: ..");
    EXPECT_EQ(path({"a/../../y"}), "error: --cgroup: bad sub cgroup path: a/../../y");
    EXPECT_EQ(path({"../x"}), "error: --cgroup: bad sub cgroup path: ../x");
    EXPECT_EQ(path({"/../x"}), "error: --cgroup: bad sub cgroup path: /../x");
    EXPECT_EQ(path({"../xy"}), "error: --cgroup: bad sub cgroup path: ../xy");
    EXPECT_THAT(path({"cpu:a"}), HasSubstr("--cgroup 'cpu:a'"));
    EXPECT_THAT(path({"a", "b"}), HasSubstr("more than once"));
}

}  // namespace
}  // namespace unitc::ops
