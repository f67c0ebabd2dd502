// SPDX-License-Identifier: Apache-2.0
#include "ops/ps_rows.hpp"

#include <gtest/gtest.h>

namespace unitc::ops {
namespace {

constexpr const char* kTable =
    "UID          PID    PPID CMD\n"
    "root           1       0 /sbin/init\n"
    "root          12       1 sleep 1 12\n"
    "root         123      12 sh -c x\n";

TEST(PsRows, are_those_of_the_pids) {
    EXPECT_EQ(rows_of(kTable, {12}),
              "UID          PID    PPID CMD\nroot          12       1 sleep 1 12\n");
    EXPECT_EQ(rows_of(kTable, {123, 1}),
              "UID          PID    PPID CMD\n"
              "root           1       0 /sbin/init\n"
              "root         123      12 sh -c x\n");
    EXPECT_EQ(rows_of(kTable, {}), "UID          PID    PPID CMD\n");
    EXPECT_EQ(rows_of("PID\n", {1}), "PID\n");
}

TEST(PsRows, need_a_column_of_pids) {
    EXPECT_EQ(rows_of("USER CMD\n", {1}).error().message, "couldn't find PID field in ps output");
    EXPECT_EQ(rows_of("", {1}).error().message, "couldn't find PID field in ps output");
    EXPECT_EQ(rows_of("CMD PID\nsleep 1 5\nx y 5\n", {5}).error().message,
              "unable to parse pid in ps output: 'x y 5'");
    EXPECT_EQ(rows_of("A PID\nb\n", {5}).error().message, "unable to parse pid in ps output: 'b'");
}

TEST(PsJson, is_an_array_or_null) {
    EXPECT_EQ(pids_json({}), "null\n");
    EXPECT_EQ(pids_json({7}), "[7]\n");
    EXPECT_EQ(pids_json({7, 8}), "[7,8]\n");
}

}  // namespace
}  // namespace unitc::ops
