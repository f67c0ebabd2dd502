// SPDX-License-Identifier: Apache-2.0
// Tests of what a machine is told from, and of the refusal of those that
// cannot run containers.
#include "host/facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unitc::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Facts good() {
    Facts facts;
    facts.cgroup2 = true;
    facts.systemd = true;
    facts.kernel_major = 5;
    facts.kernel_minor = 14;
    return facts;
}

TEST(Facts, ControllersAreSplitAtBlanks) {
    EXPECT_THAT(parse_controllers("cpuset cpu  io\n"), ElementsAre("cpuset", "cpu", "io"));
    EXPECT_THAT(parse_controllers("\n"), IsEmpty());
}

TEST(Facts, DevicesKeepCharacterAndBlockApart) {
    Facts facts;
    parse_devices(
        "Character devices:\n  4 tty\n  5 tty\n136 pts\n"
        "\nBlock devices:\n  7 loop\n259 blkext\n",
        facts);
    EXPECT_THAT(facts.char_majors, ElementsAre(Pair("tty", 4), Pair("tty", 5), Pair("pts", 136)));
    EXPECT_THAT(facts.block_majors, ElementsAre(Pair("loop", 7), Pair("blkext", 259)));
}

TEST(Facts, ReleaseIsReadUpToItsSecondNumber) {
    struct Case {
        const char* release;
        int major, minor;
    };
    for (const Case& c :
         {Case{"6.1.0-18-amd64", 6, 1}, Case{"5.14", 5, 14}, Case{"6.18-rc1", 6, 18}}) {
        Facts facts;
        EXPECT_TRUE(parse_release(c.release, facts)) << c.release;
        EXPECT_EQ(facts.kernel_major, c.major) << c.release;
        EXPECT_EQ(facts.kernel_minor, c.minor) << c.release;
    }
    for (const char* release : {"", "6", "six.one", "6."}) {
        Facts facts;
        EXPECT_FALSE(parse_release(release, facts)) << release;
    }
}

TEST(Facts, AreReadOnThisMachine) {
    const auto facts = read();
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->boot_id.size(), 36u);
    EXPECT_GE(facts->kernel_major, 5);
    EXPECT_GE(facts->last_capability, 38);
    EXPECT_THAT(facts->char_majors, ::testing::Contains(Pair("mem", 1)));
}

TEST(Check, AcceptsTheOldestSupportedMachine) {
    EXPECT_TRUE(check(good()));
}

TEST(Check, RefusesEachUnsupportedMachineWithItsReason) {
    Facts old_kernel = good();
    old_kernel.kernel_minor = 13;
    ASSERT_FALSE(check(old_kernel));
    EXPECT_THAT(check(old_kernel).error().message, HasSubstr("Linux 5.14"));

    Facts older_kernel = good();
    older_kernel.kernel_major = 4;
    older_kernel.kernel_minor = 19;
    EXPECT_FALSE(check(older_kernel));

    Facts hybrid = good();
    hybrid.cgroup2 = false;
    ASSERT_FALSE(check(hybrid));
    EXPECT_THAT(check(hybrid).error().message, HasSubstr("cgroup v1"));

    Facts no_systemd = good();
    no_systemd.systemd = false;
    ASSERT_FALSE(check(no_systemd));
    EXPECT_THAT(check(no_systemd).error().message, HasSubstr("PID 1 is not systemd"));
}

}  // namespace
}  // namespace unitc::host
