// SPDX-License-Identifier: Apache-2.0
#include "daemon/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unitc::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StrEq;

TEST(Snapshot, TellsWhatHasChanged) {
    Snapshot before;
    before.status = state::Status::Running;
    before.pid = 7;
    Snapshot now = before;
    EXPECT_THAT(changed_properties(before, now), IsEmpty());
    now.status = state::Status::Stopped;
    now.pid = 0;
    now.limits.tasks_max = 20;
    EXPECT_THAT(changed_properties(before, now),
                ElementsAre(StrEq("Status"), StrEq("Pid"), StrEq("TasksMax")));
}

TEST(Snapshot, IsOfAnotherContainerWhenItsIdWasGivenAgain) {
    Snapshot first;
    first.created_us = 1;
    Snapshot second = first;
    EXPECT_TRUE(is_same(first, second));
    second.created_us = 2;
    EXPECT_FALSE(is_same(first, second));
}

TEST(Snapshot, TellsOfAnEndThatNobodyHasSeenComing) {
    Snapshot now;
    now.status = state::Status::Stopped;
    now.had_process = true;
    Snapshot before;
    for (const auto status : {state::Status::Creating, state::Status::Created,
                              state::Status::Running, state::Status::Paused}) {
        before.status = status;
        EXPECT_TRUE(has_exited(&before, now));
    }
    EXPECT_TRUE(has_exited(nullptr, now));
    EXPECT_FALSE(has_exited(&now, now));
    // Its creation has failed.
    now.had_process = false;
    EXPECT_FALSE(has_exited(&before, now));
    now.had_process = true;
    now.status = state::Status::Running;
    EXPECT_FALSE(has_exited(nullptr, now));
}

TEST(Snapshot, HasNoUsageWithoutAGroup) {
    const Snapshot snapshot{};
    EXPECT_EQ(property_of(snapshot, "MemoryCurrent"), Value{UINT64_MAX});
    EXPECT_EQ(property_of(snapshot, "CPUUsageNSec"), Value{UINT64_MAX});
}

TEST(Time, IsReadFromTheRecord) {
    struct Row {
        const char* text;
        uint64_t us;
    };
    constexpr Row kRows[] = {
        {"1970-01-01T00:00:01Z", 1'000'000},
        {"1970-01-01T00:00:01.5Z", 1'500'000},
        {"1970-01-02T00:00:00.123456789Z", 86'400'123'456},
        {"2026-11-23T12:00:00Z", 1'795'435'200'000'000},
        {"", 0},
        {"yesterday", 0},
        {"1970-01-01T00:00:01", 0},
        {"1960-01-01T00:00:01Z", 0},
    };
    for (const Row& row : kRows)
        EXPECT_EQ(parse_time(row.text), row.us) << row.text;
}

}  // namespace
}  // namespace unitc::daemon
