// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/scope_exit.hpp"

namespace unitc {
namespace {

Fd open_null() {
    return Fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
}

int count_open() {
    DIR* dir = ::opendir("/proc/self/fd");
    int count = 0;
    while (::readdir(dir) != nullptr)
        ++count;
    ::closedir(dir);
    return count;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, ClosesAtTheEndOfItsScope) {
    const int before = count_open();
    {
        const Fd fd = open_null();
        EXPECT_EQ(count_open(), before + 1);
    }
    EXPECT_EQ(count_open(), before);
}

TEST(Fd, MovesWithoutLeakOrDoubleClose) {
    const int before = count_open();
    {
        Fd a = open_null();
        const int number = a.get();
        Fd b{std::move(a)};
        EXPECT_EQ(b.get(), number);
        Fd c = open_null();
        const int closed = c.get();
        c = std::move(b);
        EXPECT_EQ(c.get(), number);
        EXPECT_TRUE(is_open(number));
        EXPECT_FALSE(is_open(closed)) << "what was there before is closed";
        EXPECT_EQ(count_open(), before + 1);
    }
    EXPECT_EQ(count_open(), before);
}

TEST(Fd, SurvivesBeingMovedIntoItself) {
    Fd fd = open_null();
    Fd& same = fd;
    fd = std::move(same);
    ASSERT_TRUE(fd);
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(Fd, GivesUpWhatIsReleased) {
    Fd fd = open_null();
    const int number = fd.release();
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(number));
    Fd again{number};
    again.reset();
    EXPECT_FALSE(again);
    EXPECT_FALSE(is_open(number));
}

TEST(ScopeExit, RunsUnlessDismissed) {
    int runs = 0;
    {
        const ScopeExit undo{[&] { ++runs; }};
    }
    EXPECT_EQ(runs, 1);
    {
        ScopeExit undo{[&] { ++runs; }};
        undo.dismiss();
    }
    EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace unitc
