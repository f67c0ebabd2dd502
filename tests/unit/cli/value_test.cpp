// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as runc's library reads them.
#include "cli/value.hpp"

#include <gtest/gtest.h>

namespace unitc::cli {
namespace {

template <typename Value>
struct Row {
    const char* text;
    Value value;
};

TEST(Size, IsBytesInPowersOf1024) {
    for (const Row<int64_t>& row : {
             Row<int64_t>{"0", 0},
             {"67108864", 67108864},
             {"-1", -1},
             {"1b", 1},
             {"64k", 65536},
             {"64M", 67108864},
             {"64mb", 67108864},
             {"64MiB", 67108864},
             {"10 kB", 10240},
             {"1.5G", 1610612736},
             {".5k", 512},
             {"2.k", 2048},
             {"1t", int64_t{1} << 40},
             {"1PiB", int64_t{1} << 50},
             {"9223372036854775807", INT64_MAX},
         }) {
        const auto size = parse_size(row.text);
        ASSERT_TRUE(size) << row.text << ": " << size.error().message;
        EXPECT_EQ(*size, row.value) << row.text;
    }
}

TEST(Size, IsRefusedWhenItIsNone) {
    for (const char* text :
         {"",      " ",    "k",   ".",     "-2",   "-1k",  "+1",  "1x",  "1kk",
          "1bb",   "1bib", "1ki", "1kib ", "1  k", "0x10", "1e3", "1,5", "9223372036854775808",
          "8192P", "1\n"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Duration, IsWhatGoTakes) {
    constexpr int64_t kSecond = 1'000'000'000;
    for (const Row<int64_t>& row : {
             Row<int64_t>{"0", 0},
             {"5s", 5 * kSecond},
             {"100ms", kSecond / 10},
             {"1.5h", 5400 * kSecond},
             {"1m30s", 90 * kSecond},
             {"2h3m4.5s", 7384 * kSecond + kSecond / 2},
             {"1us", 1'000},
             {"1\u00b5s", 1'000},
             {"7ns", 7},
             {"-1s", -kSecond},
             {"0s", 0},
         }) {
        const auto duration = parse_duration(row.text);
        ASSERT_TRUE(duration) << row.text << ": " << duration.error().message;
        EXPECT_EQ(*duration, row.value) << row.text;
    }
}

TEST(Duration, IsRefusedWhenItIsNone) {
    for (const char* text :
         {"", "5", "s", "5 s", "5S", "5d", "1m30", "-", ".", ".s", "1.2.3s", "10000000h", "5s "})
        EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace unitc::cli
