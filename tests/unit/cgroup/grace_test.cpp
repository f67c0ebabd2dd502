// SPDX-License-Identifier: Apache-2.0
#include "cgroup/grace.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace unitc::cgroup {
namespace {

// The children without an exit signal; taken off the list when they have ended.
int wait_for_one() {
    return ::waitpid(-1, nullptr, __WCLONE) > 0 ? 0 : errno;
}

TEST(Grace, BeginsOnceHoweverOftenItIsCalled) {
    begin_grace_period();
    begin_grace_period();
    EXPECT_EQ(wait_for_one(), 0);
    EXPECT_EQ(wait_for_one(), ECHILD);
}

TEST(Grace, LeavesNoChildBehind) {
    begin_grace_period();
    end_grace_period();
    EXPECT_EQ(wait_for_one(), ECHILD);
}

TEST(Grace, TakesNoChildOfAnybodyElse) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(7);
    begin_grace_period();
    end_grace_period();
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace unitc::cgroup
