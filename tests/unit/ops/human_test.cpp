// SPDX-License-Identifier: Apache-2.0
#include "ops/human.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace unitc::ops {
namespace {

TEST(HumanBytes, are_cut_off_after_one_decimal) {
    struct Row {
        uint64_t bytes;
        const char* text;
    };
    const Row rows[] = {
        {0, "0B"},
        {1023, "1023B"},
        {1024, "1.0K"},
        {1536, "1.5K"},
        {2047, "1.9K"},
        {64u << 20, "64.0M"},
        {(uint64_t{5} << 30) + (uint64_t{1} << 29), "5.5G"},
        {uint64_t{3} << 40, "3.0T"},
        {UINT64_MAX, "15.9E"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(human_bytes(row.bytes), row.text) << row.bytes;
}

TEST(HumanSpan, has_the_two_largest_units) {
    struct Row {
        uint64_t microseconds;
        const char* text;
    };
    const Row rows[] = {
        {0, "0"},
        {999, "999us"},
        {12'345, "12ms"},
        {1'204'567, "1.204s"},
        {60'000'000, "1min"},
        {185'120'000, "3min 5.120s"},
        {7'380'000'000, "2h 3min"},
        {90'000'000'000, "1d 1h"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(human_span(row.microseconds), row.text) << row.microseconds;
}

TEST(HumanAgo, says_how_long) {
    struct Row {
        int64_t seconds;
        const char* text;
    };
    const Row rows[] = {
        {-5, "now"},
        {0, "now"},
        {4, "4s ago"},
        {60, "1min 0s ago"},
        {185, "3min 5s ago"},
        {7380, "2h 3min ago"},
        {90'000, "1 day 1h ago"},
        {500'000, "5 days ago"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(human_ago(row.seconds), row.text) << row.seconds;
}

TEST(HumanTime, is_local) {
    ::setenv("TZ", "UTC", 1);
    EXPECT_EQ(human_time(1795436627), "Mon 2026-11-23 12:23:47 UTC");
}

TEST(UnixSeconds, are_those_of_a_record) {
    EXPECT_EQ(unix_seconds("2026-11-23T12:23:47.5Z"), 1795436627);
    EXPECT_EQ(unix_seconds("2026-11-23T12:23:47Z"), 1795436627);
    for (const char* odd : {"", "yesterday", "2026-11-23", "2026-11-23T12:23:47+01:00"})
        EXPECT_EQ(unix_seconds(odd), std::nullopt) << odd;
}

}  // namespace
}  // namespace unitc::ops
