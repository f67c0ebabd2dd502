// SPDX-License-Identifier: Apache-2.0
// From a list of rules to an allow list, in order, and what cannot be one.
#include "unit/devices.hpp"

#include <gtest/gtest.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using Rule = oci::DeviceRule;
using Rules = std::vector<Rule>;

constexpr std::nullopt_t kAny = std::nullopt;

std::string outcome(const Rules& rules) {
    DeviceList list;
    for (const Rule& rule : rules)
        if (auto applied = list.apply(rule); !applied)
            return applied.error().message;
    if (list.allows_all())
        return "all";
    std::string text;
    for (const auto& [node, access] : list.entries())
        text += (text.empty() ? "" : " ") + node + ":" + access;
    return text.empty() ? "none" : text;
}

TEST(DeviceRules, StartFromNothing) {
    EXPECT_EQ(outcome({}), "none");
}

TEST(DeviceRules, AreWorkedOffInOrder) {
    struct Row {
        Rules rules;
        const char* expected;
    };
    const Row rows[] = {
        {{{true, 'a', kAny, kAny, "rwm"}}, "all"},
        {{{true, 'a', -1, -1, "rwm"}}, "all"},
        {{{true, 'a', kAny, kAny, "rwm"}, {false, 'a', kAny, kAny, "rwm"}}, "none"},
        {{{true, 'c', 1, 3, "rwm"}, {false, 'a', kAny, kAny, ""}}, "none"},
        {{{false, 'a', kAny, kAny, "rwm"}, {true, 'c', 1, 3, "rwm"}}, "/dev/char/1:3:rwm"},
        {{{true, 'b', 8, 0, "r"}}, "/dev/block/8:0:r"},
        {{{true, 'c', 136, kAny, "rw"}}, "char-136:rw"},
        {{{true, 'c', kAny, kAny, "m"}, {true, 'b', kAny, -1, "m"}}, "char-*:m block-*:m"},
        {{{true, 'a', kAny, kAny, "m"}}, "char-*:m block-*:m"},
        {{{true, 'a', 8, 1, "r"}}, "/dev/char/8:1:r /dev/block/8:1:r"},
        // One node, one entry: systemd lets a second replace the first.
        {{{true, 'c', 1, 3, "r"}, {true, 'c', 1, 3, "w"}}, "/dev/char/1:3:rw"},
        {{{true, 'c', 1, 3, "rwm"}, {false, 'c', 1, 3, "w"}}, "/dev/char/1:3:rm"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'c', 1, 3, "rwm"}}, "none"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'c', 1, kAny, "w"}}, "/dev/char/1:3:r"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'c', kAny, kAny, "rwm"}}, "none"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'b', kAny, kAny, "rwm"}}, "/dev/char/1:3:rw"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'c', kAny, 3, "r"}}, "/dev/char/1:3:w"},
        {{{true, 'c', 1, 3, "rw"}, {false, 'c', 2, kAny, "rw"}}, "/dev/char/1:3:rw"},
        {{{true, 'a', kAny, kAny, "rwm"}, {true, 'c', 1, 3, "rw"}}, "all"},
        // Nothing in common: the hole is none.
        {{{true, 'c', kAny, kAny, "m"}, {false, 'c', 1, 3, "rw"}}, "char-*:m"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(outcome(row.rules), row.expected);
}

TEST(DeviceRules, AreRefusedWhereNoAllowListSaysThem) {
    const Rules lists[] = {
        {{true, 'a', kAny, kAny, "rwm"}, {false, 'c', 1, 3, "rwm"}},
        {{true, 'c', kAny, kAny, "rwm"}, {false, 'c', 1, 3, "w"}},
        {{true, 'c', 1, kAny, "rwm"}, {false, 'c', 1, 3, "w"}},
        {{true, 'c', 1, kAny, "rwm"}, {false, 'c', kAny, 3, "w"}},
        {{true, 'c', kAny, 3, "r"}},
        {{true, 'c', 4096, 0, "r"}},
        {{true, 'c', 0, 1 << 20, "r"}},
        {{true, 'c', -2, 0, "r"}},
    };
    for (const Rules& rules : lists) {
        oci::Resources resources;
        resources.devices = rules;
        EXPECT_TRUE(refusal(resources).starts_with("linux.resources.devices["))
            << refusal(resources);
    }
}

TEST(DeviceRules, DenyEverythingButTheDefaultsWhenAbsent) {
    const std::string defaults =
        "DeviceAllow a(ss) 11 \"char-*\" m \"block-*\" m /dev/char/1:3 rwm /dev/char/1:5 rwm"
        " /dev/char/1:7 rwm /dev/char/1:8 rwm /dev/char/1:9 rwm /dev/char/5:0 rwm"
        " /dev/char/5:2 rwm char-136 rwm /dev/char/10:200 rwm";
    EXPECT_EQ(property(plan_of(oci::Config{}), "DevicePolicy"), "DevicePolicy s strict");
    EXPECT_EQ(property(plan_of(oci::Config{}), "DeviceAllow"), defaults);
    EXPECT_EQ(property(plan_of(oci::Resources{}), "DeviceAllow"), defaults);
}

TEST(DeviceRules, LeaveThePolicyOpenWhenAllIsAllowed) {
    oci::Resources resources;
    resources.devices = {{true, 'a', kAny, kAny, "rwm"}};
    EXPECT_EQ(property(plan_of(resources), "DevicePolicy"), "DevicePolicy s auto");
    EXPECT_EQ(property(plan_of(resources), "DeviceAllow"), "");
}

}  // namespace
}  // namespace unitc::unit
