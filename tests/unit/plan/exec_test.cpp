// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "plan/make.hpp"

namespace unitc::plan {
namespace {

using oci::NamespaceType;

oci::Config config_with(std::vector<oci::Namespace> namespaces) {
    oci::Config config;
    config.process.emplace();
    config.process->args = {"true"};
    config.linux_.emplace();
    config.linux_->namespaces = std::move(namespaces);
    return config;
}

TEST(ExecPlan, EntersEveryNamespaceOfTheConfigNewOrJoined) {
    EXPECT_EQ(make_exec(config_with({}), {}, {})->enter_namespaces, 0U);
    const struct {
        NamespaceType type;
        uint64_t flag;
    } rows[] = {{NamespaceType::Pid, CLONE_NEWPID},       {NamespaceType::Network, CLONE_NEWNET},
                {NamespaceType::Mount, CLONE_NEWNS},      {NamespaceType::Ipc, CLONE_NEWIPC},
                {NamespaceType::Uts, CLONE_NEWUTS},       {NamespaceType::User, CLONE_NEWUSER},
                {NamespaceType::Cgroup, CLONE_NEWCGROUP}, {NamespaceType::Time, CLONE_NEWTIME}};
    for (const auto& row : rows) {
        EXPECT_EQ(make_exec(config_with({{row.type, ""}}), {}, {})->enter_namespaces, row.flag);
        EXPECT_EQ(make_exec(config_with({{row.type, "/p"}}), {}, {})->enter_namespaces, row.flag);
    }
    EXPECT_EQ(make_exec(config_with({{NamespaceType::Pid, ""}, {NamespaceType::Mount, ""}}), {}, {})
                  ->enter_namespaces,
              uint64_t{CLONE_NEWPID | CLONE_NEWNS});
}

TEST(ExecPlan, TakesTheProcessAndMountsNothing) {
    oci::Config config = config_with({{NamespaceType::Mount, ""}});
    config.mounts.push_back({"/data", "bind", "/srv", {}, {}, {}});
    config.linux_->masked_paths = {"/proc/kcore"};
    Request request;
    request.preserve_fds = 2;
    request.new_keyring = false;
    const InitPlan plan = make_exec(config, request, {}).value();
    EXPECT_THAT(plan.process.args, testing::ElementsAre("true"));
    EXPECT_EQ(plan.process.preserve_fds, 2);
    EXPECT_FALSE(plan.new_keyring);
    EXPECT_FALSE(plan.set_up_dev);
    EXPECT_TRUE(plan.mounts.empty() && plan.masked_paths.empty() && plan.joins.empty());
    EXPECT_EQ(plan.new_namespaces, 0U);
}

TEST(ExecPlan, BindsToTheCpusOfTheConfigAndElseToAll) {
    oci::Config config = config_with({});
    EXPECT_TRUE(make_exec(config, {}, {})->process.initial_cpus.empty());
    EXPECT_EQ(make_exec(config, {}, {})->process.cpus, sys::all_cpus());
    oci::CpuAffinity& affinity = config.process->exec_cpu_affinity.emplace();
    EXPECT_EQ(make_exec(config, {}, {})->process.cpus, sys::all_cpus());
    affinity.initial = "0,9";
    EXPECT_EQ(make_exec(config, {}, {})->process.initial_cpus, (sys::CpuMask{0x01, 0x02}));
    EXPECT_EQ(make_exec(config, {}, {})->process.cpus, std::nullopt);
    affinity.final = "1-2";
    EXPECT_EQ(make_exec(config, {}, {})->process.cpus, (sys::CpuMask{0x06}));
    affinity.initial.clear();
    EXPECT_TRUE(make_exec(config, {}, {})->process.initial_cpus.empty());
    EXPECT_EQ(make_exec(config, {}, {})->process.cpus, (sys::CpuMask{0x06}));
}

}  // namespace
}  // namespace unitc::plan
