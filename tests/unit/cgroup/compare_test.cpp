// SPDX-License-Identifier: Apache-2.0
// When a cgroup file holds what was asked for.
#include "cgroup/compare.hpp"

#include <gtest/gtest.h>

namespace unitc::cgroup {
namespace {

struct Row {
    const char *content, *expected;
};

TEST(CgroupFile, MatchesWhatWasAskedFor) {
    const Row rows[] = {
        {"max\n", "max"},
        {"9998336\n", "9998336"},
        {"50000 100000\n", "50000 100000"},
        {"max 100000\n", "max 100000"},
        {"8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 rbps=1"},
        {"8:0 rbps=1 wbps=max riops=max wiops=7\n", "8:0 wiops=7 rbps=1"},
        {"8:16 rbps=2 wbps=max\n8:0 rbps=1 wbps=max\n", "8:0 rbps=1\n8:16 rbps=2"},
        {"8:16 rbps=2 wbps=max\n8:0 rbps=1 wbps=max\n", "* rbps=1\n* rbps=2"},
        {"\n", ""},
    };
    for (const Row& row : rows)
        EXPECT_TRUE(matches(row.content, row.expected)) << row.content << "/ " << row.expected;
}

TEST(CgroupFile, DiffersFromAnythingElse) {
    const Row rows[] = {
        {"max\n", "5"},
        {"5\n", "max"},
        {"55\n", "5"},
        {"5\n6\n", "5"},
        {"", "5"},
        {"50000 100000\n", "50000 50000"},
        {"50000 100000\n", "max 100000"},
        {"50000\n", "50000 100000"},
        {"", "8:0 rbps=1"},
        {"8:0 rbps=10 wbps=max\n", "8:0 rbps=1"},
        {"8:16 rbps=1 wbps=max\n", "8:0 rbps=1"},
        {"8:0 rbps=1 wbps=max\n", "8:0 rbps=1\n8:16 rbps=2"},
        {"8:0 wbps=1\n", "* rbps=1"},
    };
    for (const Row& row : rows)
        EXPECT_FALSE(matches(row.content, row.expected)) << row.content << "/ " << row.expected;
}

}  // namespace
}  // namespace unitc::cgroup
