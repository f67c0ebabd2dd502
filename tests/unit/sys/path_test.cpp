// SPDX-License-Identifier: Apache-2.0
#include "sys/path.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.hpp"

namespace unitc::sys {
namespace {

// A directory with a root in it, and a neighbour outside that must stay as it is.
class PathInRoot : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/unitc-path-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        top_ = name;
        ASSERT_EQ(::mkdir((top_ + "/root").c_str(), 0755), 0);
        ASSERT_EQ(::mkdir((top_ + "/outside").c_str(), 0755), 0);
        auto root = open_at(AT_FDCWD, (top_ + "/root").c_str(), O_PATH | O_DIRECTORY);
        ASSERT_TRUE(root);
        root_ = *std::move(root);
    }
    void TearDown() override {
        EXPECT_EQ(::rmdir((top_ + "/outside").c_str()), 0) << "something was made outside";
        ASSERT_EQ(std::system(("rm -r " + top_).c_str()), 0);
    }
    void link(const std::string& target, const std::string& name) {
        ASSERT_EQ(::symlink(target.c_str(), (top_ + "/root" + name).c_str()), 0);
    }
    bool is(mode_t kind, const std::string& name) const {
        struct stat status {};
        return ::lstat((top_ + "/root" + name).c_str(), &status) == 0 &&
               (status.st_mode & S_IFMT) == kind;
    }
    std::string top_;
    Fd root_;
};

TEST_F(PathInRoot, MakesEveryMissingDirectory) {
    ASSERT_TRUE(make_directory_in_root(root_, "/a/b/./c", 0755));
    EXPECT_TRUE(is(S_IFDIR, "/a/b/c"));
    ASSERT_TRUE(make_file_in_root(root_, "/a/d/file", 0644));
    EXPECT_TRUE(is(S_IFREG, "/a/d/file"));
}

TEST_F(PathInRoot, MakesWhatADanglingSymlinkNames) {
    link("../run/resolve/stub.conf", "/resolv.conf");
    ASSERT_TRUE(make_file_in_root(root_, "/resolv.conf", 0644));
    EXPECT_TRUE(is(S_IFREG, "/run/resolve/stub.conf"));
    EXPECT_TRUE(is(S_IFLNK, "/resolv.conf"));
    link("/data/real", "/way");
    ASSERT_TRUE(make_directory_in_root(root_, "/way/below", 0755));
    EXPECT_TRUE(is(S_IFDIR, "/data/real/below"));
}

TEST_F(PathInRoot, NeverLeavesTheRootThroughALink) {
    link(top_ + "/outside/new", "/absolute");
    link("../../../../../../../.." + top_ + "/outside/new", "/relative");
    link("/", "/up");
    for (const char* path : {"/absolute", "/relative/deep", "/up/../../outside/new"})
        EXPECT_TRUE(make_directory_in_root(root_, path, 0755)) << path;
    EXPECT_TRUE(is(S_IFDIR, top_ + "/outside/new/deep"));
    EXPECT_TRUE(is(S_IFDIR, "/outside/new"));
}

TEST_F(PathInRoot, GivesUpOnLinksThatLeadInACircle) {
    link("two", "/one");
    link("one/x", "/two");
    for (const auto& made : {make_directory_in_root(root_, "/one", 0755).has_value(),
                             make_file_in_root(root_, "/two/y", 0644).has_value()})
        EXPECT_FALSE(made);
}

TEST_F(PathInRoot, RefusesAFileOnTheWay) {
    ASSERT_TRUE(make_file_in_root(root_, "/file", 0644));
    EXPECT_FALSE(make_directory_in_root(root_, "/file/below", 0755));
}

}  // namespace
}  // namespace unitc::sys
