// SPDX-License-Identifier: Apache-2.0
// The kernel's lists of schedulers.
#include "host/block.hpp"

#include <gtest/gtest.h>

namespace unitc::host {
namespace {

TEST(Schedulers, AreAWordEach) {
    EXPECT_TRUE(names_bfq("none [mq-deadline] kyber bfq\n"));
    EXPECT_TRUE(names_bfq("none [bfq]\n"));
    EXPECT_FALSE(names_bfq("none [mq-deadline] kyber\n"));
    EXPECT_FALSE(names_bfq("[none]\n"));
    EXPECT_FALSE(names_bfq("bfq2 xbfq\n"));
    EXPECT_FALSE(names_bfq(""));
}

}  // namespace
}  // namespace unitc::host
