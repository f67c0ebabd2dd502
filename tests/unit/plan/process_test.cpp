// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

using testing::ElementsAre;

TEST(ProcessPlan, KeepsOneValueOfEachVariable) {
    oci::Process process;
    process.env = {"A=1", "B=2", "A=3"};
    Request request;
    request.extra_env = {"LISTEN_FDS=2"};
    EXPECT_THAT(make_process(process, request, {}).env, ElementsAre("A=3", "B=2", "LISTEN_FDS=2"));
}

TEST(ProcessPlan, NamesTheSocketForNotificationsWhateverTheConfigHas) {
    oci::Process process;
    process.env = {"NOTIFY_SOCKET=/other", "A=1"};
    Request request;
    EXPECT_THAT(make_process(process, request, {}).env, ElementsAre("NOTIFY_SOCKET=/other", "A=1"));
    request.notify_directory = "/run/unitc/web/notify";
    EXPECT_THAT(make_process(process, request, {}).env,
                ElementsAre("NOTIFY_SOCKET=/run/notify/notify.sock", "A=1"));
}

TEST(ProcessPlan, LeavesOutCapabilitiesTheKernelDoesNotKnow) {
    oci::Process process;
    process.capabilities.emplace();
    process.capabilities->bounding = ~uint64_t{0};
    host::Facts facts;
    facts.last_capability = 3;
    EXPECT_EQ(make_process(process, {}, facts).capabilities->bounding, 0xfU);
}

TEST(ProcessPlan, HasTheUsualUmaskWhereNoneIsGiven) {
    oci::Process process;
    EXPECT_EQ(make_process(process, {}, {}).umask, mode_t{0022});
    process.user.umask = 0;
    EXPECT_EQ(make_process(process, {}, {}).umask, mode_t{0});
}

TEST(ProcessPlan, LeavesExecsCpuAffinityToExec) {
    oci::Process process;
    process.exec_cpu_affinity = {"1", "1"};
    const ProcessPlan plan = make_process(process, {}, {});
    EXPECT_TRUE(plan.initial_cpus.empty());
    EXPECT_EQ(plan.cpus, sys::all_cpus());
}

TEST(DevicePlan, AddsTheDefaultsTheConfigDoesNotBring) {
    oci::Linux linux_part;
    oci::Device null;
    null.path = "/dev/null";
    null.major = 1;
    null.minor = 3;
    null.file_mode = 0600;
    linux_part.devices = {null};
    const auto nodes = make_devices(linux_part);
    ASSERT_EQ(nodes.size(), 6U);
    EXPECT_EQ(nodes[0].path, "/dev/null");
    EXPECT_EQ(nodes[0].mode, mode_t{S_IFCHR | 0600});
    EXPECT_EQ(nodes[5].path, "/dev/tty");
    EXPECT_EQ(nodes[5].mode, mode_t{S_IFCHR | 0666});
}

}  // namespace
}  // namespace unitc::plan
