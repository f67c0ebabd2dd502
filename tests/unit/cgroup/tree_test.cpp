// SPDX-License-Identifier: Apache-2.0
// The files here are files; what a real kernel says is in
// tests/system/test_status.py and test_top.py.
#include "cgroup/tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

class Group : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(path_), nullptr);
        fd_ = *sys::open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
    }
    void TearDown() override { (void)!std::system(("rm -r " + std::string{path_}).c_str()); }
    void put(const std::string& name, const std::string& content) {
        const size_t slash = name.rfind('/');
        if (slash != std::string::npos)
            ::mkdirat(fd_.get(), name.substr(0, slash).c_str(), 0700);
        const auto file = sys::open_at(fd_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ASSERT_TRUE(file && sys::write_all(*file, content)) << name;
    }

    char path_[32] = "/tmp/unitc-tree-XXXXXX";
    Fd fd_;
};

TEST_F(Group, is_read_with_those_below_it) {
    put("cgroup.procs", "30\n4\n0\n");
    put("b/cgroup.procs", "7\n");
    put("a/cgroup.procs", "");
    put("a/deep/cgroup.procs", "9\n");
    put("empty/cgroup.procs", "");
    const auto tree = read_tree(fd_);
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_EQ(tree->pids, (std::vector<pid_t>{4, 30}));
    ASSERT_EQ(tree->groups.size(), 2u);
    EXPECT_EQ(tree->groups[0].name, "a");
    ASSERT_EQ(tree->groups[0].groups.size(), 1u);
    EXPECT_EQ(tree->groups[0].groups[0].name, "deep");
    EXPECT_EQ(tree->groups[0].groups[0].pids, std::vector<pid_t>{9});
    EXPECT_EQ(tree->groups[1].name, "b");
}

TEST_F(Group, that_is_gone_is_an_error_below_it_is_not) {
    EXPECT_EQ(read_tree(fd_).error().code, ENOENT);
    EXPECT_EQ(read_usage(fd_).error().code, ENOENT);
    put("cgroup.procs", "4\n");
    ASSERT_EQ(::mkdirat(fd_.get(), "half-removed", 0700), 0);
    const auto tree = read_tree(fd_);
    ASSERT_TRUE(tree);
    EXPECT_TRUE(tree->groups.empty());
}

TEST_F(Group, without_controllers_tells_cpu_and_processes) {
    put("cpu.stat", "usage_usec 20\nuser_usec 15\n");
    put("cgroup.procs", "7\n8\n");
    const auto usage = read_usage(fd_);
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_EQ(usage->cpu_us, 20u);
    EXPECT_EQ(usage->tasks, 2u);
    EXPECT_EQ(usage->memory, 0u);
    EXPECT_EQ(usage->io_read, 0u);
}

TEST_F(Group, sums_block_devices_up) {
    put("cpu.stat", "usage_usec 20\n");
    put("pids.current", "5\n");
    put("memory.current", "4096\n");
    put("io.stat", "8:0 rbytes=1 wbytes=20 rios=3\n8:16 rbytes=2 wbytes=40 rios=3\n");
    const auto usage = read_usage(fd_);
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_EQ(usage->tasks, 5u);
    EXPECT_EQ(usage->memory, 4096u);
    EXPECT_EQ(usage->io_read, 3u);
    EXPECT_EQ(usage->io_written, 60u);
}

}  // namespace
}  // namespace unitc::cgroup
