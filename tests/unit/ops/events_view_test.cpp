// SPDX-License-Identifier: Apache-2.0
// The documents of `events`, letter by letter as runc's encoder writes them.
#include "ops/events_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unitc::ops {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(OomEvent, NamesWhomTheKernelNames) {
    const cgroup::Victim victim{345, "a\"b"};
    EXPECT_EQ(oom_event("web", &victim),
              "{\"type\":\"oom\",\"id\":\"web\",\"data\":{\"pid\":345,\"name\":\"a\\\"b\"}}\n");
}

TEST(OomEvent, HasNoDataElse) {
    EXPECT_EQ(oom_event("web"), "{\"type\":\"oom\",\"id\":\"web\"}\n");
}

TEST(StatsEvent, LeavesOutWhatIsNothing) {
    EXPECT_EQ(stats_event("web", {}),
              "{\"type\":\"stats\",\"id\":\"web\",\"data\":{\"cpu\":{},\"cpuset\":{"
              "\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"
              "\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
              "\"sched_load_balance\":0,\"sched_relax_domain_level\":0},\"memory\":{},\"pids\":{},"
              "\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}}\n");
}

TEST(StatsEvent, HoldsEveryFigureUnderRuncsName) {
    cgroup::Stats stats;
    stats.cpu = {30, 20, 10, 3, 2, 1};
    stats.cpu_pressure = cgroup::Pressure{{1230, 5, 10'000, 99}, {}};
    stats.memory_stat = {{"anon", 1}, {"file", 2}};
    stats.memory = {100, 200, 300};
    stats.swap = {10, 20, 30};
    stats.pids = 4;
    stats.pids_limit = 5;
    stats.io_bytes = {{8, 0, "Read", 7}, {8, 0, "Write", 0}};
    stats.io_operations = {{8, 16, "Read", 1}};
    stats.io_pressure = cgroup::Pressure{};
    stats.hugetlb = {{"1GB", 0, 0}, {"2MB", 6, 1}};
    const std::string text = stats_event("web", stats);
    for (const char* part :
         {"\"cpu\":{\"usage\":{\"total\":30,\"kernel\":10,\"user\":20},"
          "\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":1},"
          "\"psi\":{\"some\":{\"avg10\":12.3,\"avg60\":0.05,\"avg300\":100,\"total\":99}}},",
          "\"memory\":{\"cache\":2,\"usage\":{\"limit\":300,\"usage\":100,\"max\":200,"
          "\"failcnt\":0},\"swap\":{\"limit\":330,\"usage\":110,\"failcnt\":0},"
          "\"raw\":{\"anon\":1,\"file\":2}},",
          "\"pids\":{\"current\":4,\"limit\":5},",
          "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":7},"
          "{\"major\":8,\"op\":\"Write\"}],\"ioServicedRecursive\":[{\"major\":8,\"minor\":16,"
          "\"op\":\"Read\",\"value\":1}],\"psi\":{}},",
          "\"hugetlb\":{\"1GB\":{\"failcnt\":0},\"2MB\":{\"usage\":6,\"failcnt\":1}},"})
        EXPECT_THAT(text, HasSubstr(part));
}

TEST(StatsEvent, KnowsNoLimitOfMemoryAndSwapWithoutBoth) {
    cgroup::Stats stats;
    stats.memory = {1, 0, UINT64_MAX};
    stats.swap = {1, 0, 5};
    EXPECT_THAT(stats_event("web", stats),
                HasSubstr("\"swap\":{\"limit\":18446744073709551615,\"usage\":2,"));
    stats.swap = {};
    stats.memory.limit = 7;
    EXPECT_THAT(stats_event("web", stats), HasSubstr("\"swap\":{\"limit\":7,\"usage\":1,"));
    EXPECT_THAT(stats_event("web", stats), Not(HasSubstr("\"max\"")));
}

}  // namespace
}  // namespace unitc::ops
