// SPDX-License-Identifier: Apache-2.0
// From a group's files to figures. The files here are files; what a real
// kernel says is in tests/system/test_events.py.
#include "cgroup/stats.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

class Files : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(path_), nullptr);
        fd_ = *sys::open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
        put("cgroup.procs", "7\n8\n0\n");
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
    Stats stats() const {
        auto stats = read_stats(fd_);
        EXPECT_TRUE(stats) << stats.error().message;
        return stats ? *stats : Stats{};
    }

    char path_[32] = "/tmp/unitc-stats-XXXXXX";
    Fd fd_;
    std::vector<std::string> names_;
};

TEST_F(Files, OfAGroupThatIsGoneAreAnError) {
    const auto gone = read_stats(fd_);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ENOENT);
}

TEST_F(Files, WithoutControllersTellCpuAndProcesses) {
    put("cpu.stat", "usage_usec 20\nuser_usec 15\nsystem_usec 5\n");
    const Stats found = stats();
    EXPECT_EQ(found.cpu.total, 20'000u);
    EXPECT_EQ(found.cpu.user, 15'000u);
    EXPECT_EQ(found.cpu.kernel, 5'000u);
    EXPECT_EQ(found.cpu.periods, 0u);
    EXPECT_EQ(found.pids, 2u);  // 0 is nobody of ours
    EXPECT_EQ(found.pids_limit, 0u);
    EXPECT_EQ(found.memory.limit, 0u);
    EXPECT_TRUE(found.memory_stat.empty());
    EXPECT_TRUE(found.hugetlb.empty());
    EXPECT_FALSE(found.cpu_pressure);
}

TEST_F(Files, OfEveryControllerAreRead) {
    put("cpu.stat",
        "usage_usec 20\nuser_usec 15\nsystem_usec 5\nnr_periods 9\nnr_throttled 3\n"
        "throttled_usec 7\nnr_bursts 1\nnovel\n");
    put("memory.stat", "file 4096\nanon 8192\n");
    put("memory.current", "16384\n");
    put("memory.max", "max\n");
    put("memory.peak", "20480\n");
    put("memory.swap.current", "4096\n");
    put("memory.swap.max", "8192\n");
    put("pids.current", "3\n");
    put("pids.max", "max\n");
    put("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n253:16 \n");
    put("hugetlb.2MB.current", "2097152\n");
    put("hugetlb.2MB.max", "max\n");
    put("hugetlb.2MB.rsvd.current", "4194304\n");
    put("hugetlb.2MB.rsvd.max", "max\n");
    put("hugetlb.2MB.events", "max 6\n");
    put("hugetlb.1GB.current", "0\n");
    put("hugetlb.1GB.max", "max\n");
    put("cpu.pressure", "some avg10=12.34 avg60=0.05 avg300=100.00 total=99\n");
    const Stats found = stats();
    EXPECT_EQ(found.cpu.periods, 9u);
    EXPECT_EQ(found.cpu.throttled_periods, 3u);
    EXPECT_EQ(found.cpu.throttled_time, 7'000u);
    EXPECT_EQ(found.memory_stat.front().first, "anon");
    EXPECT_EQ(found.memory.usage, 16384u);
    EXPECT_EQ(found.memory.limit, UINT64_MAX);
    EXPECT_EQ(found.memory.peak, 20480u);
    EXPECT_EQ(found.swap.usage, 4096u);
    EXPECT_EQ(found.swap.limit, 8192u);
    EXPECT_EQ(found.swap.peak, 0u);  // no such file before Linux 6.5
    EXPECT_EQ(found.pids, 3u);
    EXPECT_EQ(found.pids_limit, 0u);
    ASSERT_EQ(found.io_bytes.size(), 2u);
    EXPECT_STREQ(found.io_bytes[1].operation, "Write");
    EXPECT_EQ(found.io_bytes[1].value, 2u);
    EXPECT_EQ(found.io_operations[0].major, 8u);
    EXPECT_EQ(found.io_operations[0].value, 3u);
    ASSERT_EQ(found.hugetlb.size(), 2u);
    EXPECT_EQ(found.hugetlb[0].page_size, "1GB");
    EXPECT_EQ(found.hugetlb[1].usage, 4194304u);
    EXPECT_EQ(found.hugetlb[1].failures, 6u);
    ASSERT_TRUE(found.cpu_pressure);
    EXPECT_EQ(found.cpu_pressure->some.avg10, 1234u);
}

TEST(Pressure, IsReadLineByLine) {
    const Pressure pressure = parse_pressure(
        "some avg10=12.34 avg60=0.05 avg300=100.00 total=99\nfull avg10=1.5 avg60=2 total=7 new=1\n"
        "other avg10=9.99\n\n");
    EXPECT_EQ(pressure.some, (Stall{1234, 5, 10'000, 99}));
    EXPECT_EQ(pressure.full, (Stall{150, 200, 0, 7}));
}

TEST(IoStat, LeavesOutWhatIsNoDevice) {
    Stats stats;
    parse_io("", stats);
    parse_io("(unknown) rbytes=1\nx:1 rbytes=1\n7:3 rbytes=x wios=5\n", stats);
    EXPECT_TRUE(stats.io_bytes.empty());
    ASSERT_EQ(stats.io_operations.size(), 1u);
    EXPECT_EQ(stats.io_operations[0].minor, 3u);
}

TEST_F(Files, WithANumberHoldOneOrMax) {
    put("a", "12\n");
    put("b", "max\n");
    put("c", "12 13\n");
    EXPECT_EQ(read_number(fd_, "a"), 12u);
    EXPECT_EQ(read_number(fd_, "b"), UINT64_MAX);
    EXPECT_FALSE(read_number(fd_, "c"));
    EXPECT_EQ(read_number(fd_, "d").error().code, ENOENT);
    const auto before = read_files(fd_, {{"a", "1"}, {"d", "2"}});
    ASSERT_EQ(before.size(), 1u);
    EXPECT_EQ(before[0].second, "12\n");
}

TEST(Quota, IsReadFromTheKernelsFile) {
    struct Row {
        const char* text;
        std::optional<uint64_t> quota;
    };
    constexpr Row kRows[] = {
        {"max 100000\n", UINT64_MAX},
        {"50000 100000\n", 500'000},
        {"20000 50000", 400'000},
        {"300000 100000", 3'000'000},
        {"", std::nullopt},
        {"1", std::nullopt},
        {"1 0", std::nullopt},
        {"lots 100000", std::nullopt},
        {"18446744073709551615 1", std::nullopt},
    };
    for (const Row& row : kRows)
        EXPECT_EQ(parse_quota(row.text), row.quota) << row.text;
}

}  // namespace
}  // namespace unitc::cgroup
