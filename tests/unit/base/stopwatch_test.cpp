// SPDX-License-Identifier: Apache-2.0
#include "base/stopwatch.hpp"

#include <gtest/gtest.h>

namespace unitc {
namespace {

TEST(Deadline, IsWhatIsLeft) {
    const Deadline deadline = Deadline::in_ms(60'000);
    EXPECT_FALSE(deadline.passed());
    EXPECT_GT(deadline.left_ms(), 50'000);
    EXPECT_LE(deadline.left_ms(), 60'000);
    EXPECT_LE(deadline.left_us(), 60'000'000);
}

TEST(Deadline, IsNeverNegative) {
    for (const int64_t milliseconds : {0, -5000}) {
        const Deadline deadline = Deadline::in_ms(milliseconds);
        EXPECT_TRUE(deadline.passed());
        EXPECT_EQ(deadline.left_us(), 0);
        EXPECT_EQ(deadline.left_ms(), 0);
    }
}

TEST(Deadline, RoundsUpSoThatPollDoesNotSpin) {
    const Deadline deadline = Deadline::in_ms(1);
    const int left = deadline.left_ms();
    EXPECT_TRUE(left == 1 || deadline.passed());
}

TEST(Monotonic, DoesNotRunBackwards) {
    int64_t last = monotonic_us();
    for (int i = 0; i < 1000; ++i) {
        const int64_t now = monotonic_us();
        ASSERT_GE(now, last);
        last = now;
    }
}

}  // namespace
}  // namespace unitc
