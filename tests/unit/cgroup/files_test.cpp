// SPDX-License-Identifier: Apache-2.0
// Paths and files of groups; what needs a real group is in tests/system.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

using ::testing::HasSubstr;

// A directory that stands in for a group: files are files.
class Directory : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(path_), nullptr);
        fd_ = *sys::open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
    }
    void TearDown() override {
        for (const std::string& name : names_)
            ::unlinkat(fd_.get(), name.c_str(), 0);
        ::rmdir(path_);
    }
    void put(const std::string& name, const std::string& content) {
        const auto file = sys::open_at(fd_, name.c_str(), O_WRONLY | O_CREAT, 0600);
        ASSERT_TRUE(file && sys::write_all(*file, content));
        names_.push_back(name);
    }

    char path_[32] = "/tmp/unitc-cgroup-XXXXXX";
    Fd fd_;
    std::vector<std::string> names_;
};

TEST_F(Directory, VerifyNamesTheFileAndBothValues) {
    put("memory.max", "4096\n");
    put("pids.max", "7\n");
    EXPECT_TRUE(verify_files(fd_, {{"memory.max", "4096"}, {"pids.max", "7"}}));
    const auto wrong = verify_files(fd_, {{"memory.max", "4096"}, {"pids.max", "8"}});
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("'pids.max' holds '7' where '8' was asked for"));
}

TEST_F(Directory, VerifyMissesAFile) {
    const auto missing = verify_files(fd_, {{"memory.max", "4096"}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENOENT);
    EXPECT_THAT(missing.error().message, HasSubstr("memory.max"));
}

TEST_F(Directory, VerifyNeedsNoSwapFileForNoSwap) {
    EXPECT_TRUE(verify_files(fd_, {{"memory.swap.max", "0"}}));
    EXPECT_TRUE(verify_files(fd_, {{"memory.swap.max", "max"}}));
    EXPECT_FALSE(verify_files(fd_, {{"memory.swap.max", "4096"}}));
    EXPECT_FALSE(verify_files(fd_, {{"pids.max", "max"}}));
}

TEST_F(Directory, WriteReachesExistingFilesOnly) {
    put("cgroup.controllers", "cpu misc\n");
    put("misc.max", "");
    EXPECT_TRUE(write_files(fd_, {{"misc.max", "sev 1"}}));
    EXPECT_EQ(*sys::read_file(fd_.get(), "misc.max"), "sev 1");
    EXPECT_FALSE(write_files(fd_, {{"misc.min", "sev 1"}}));
    EXPECT_FALSE(write_files(fd_, {{"../x", "1"}}));
    EXPECT_FALSE(write_files(fd_, {{"", "1"}}));
}

TEST_F(Directory, EventsAreReadByTheirWholeName) {
    put("cgroup.events", "populated 1\nfrozen 0\n");
    EXPECT_EQ(*populated(fd_), true);
    EXPECT_EQ(*frozen(fd_), false);
}

TEST_F(Directory, WithoutAMarkHasNoInvocationId) {
    EXPECT_EQ(invocation_id(fd_), "");
}

TEST_F(Directory, ProcessesAreListedWithoutStrangersOfOtherNamespaces) {
    put("cgroup.procs", "12\n0\n7\n");
    EXPECT_EQ(*processes(fd_), (std::vector<pid_t>{12, 7}));
}

TEST(OpenGroup, RefusesTheRootAndWaysOut) {
    EXPECT_FALSE(open(""));
    EXPECT_FALSE(open("/"));
    EXPECT_FALSE(open("/../proc"));
    EXPECT_FALSE(open("/system.slice/../../.."));
}

TEST(WaitGone, IsOverForAGroupThatNeverWas) {
    // Without cgroup2 at its place there is an error instead.
    const auto gone = wait_gone("/unitc-was-never-here.scope", Deadline::in_ms(100));
    if (!gone) {
        EXPECT_THAT(gone.error().message, HasSubstr("is not cgroup2"));
    }
}

}  // namespace
}  // namespace unitc::cgroup
