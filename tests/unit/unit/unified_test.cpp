// SPDX-License-Identifier: Apache-2.0
// linux.resources.unified: which keys are properties, and that they win.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::HasSubstr;

oci::Resources unified(std::vector<std::pair<std::string, std::string>> keys) {
    oci::Resources resources;
    resources.unified = std::move(keys);
    return resources;
}

TEST(Unified, KeysWithAPropertyBecomeIt) {
    struct Row {
        const char *key, *value, *name, *text;
    };
    const Row rows[] = {
        {"memory.max", "1048576\n", "MemoryMax", "MemoryMax t 1048576"},
        {"memory.high", "max", "MemoryHigh", "MemoryHigh t 18446744073709551615"},
        {"memory.min", "0", "MemoryMin", "MemoryMin t 0"},
        {"memory.low", "4096", "MemoryLow", "MemoryLow t 4096"},
        {"memory.swap.max", "0", "MemorySwapMax", "MemorySwapMax t 0"},
        {"memory.zswap.max", "max", "MemoryZSwapMax", "MemoryZSwapMax t 18446744073709551615"},
        {"memory.zswap.writeback", "0", "MemoryZSwapWriteback", "MemoryZSwapWriteback b false"},
        {"memory.oom.group", "1", "OOMPolicy", "OOMPolicy s kill"},
        {"cpu.weight", "250", "CPUWeight", "CPUWeight t 250"},
        {"cpu.idle", "1", "CPUWeight", "CPUWeight t 0"},
        {"cpu.max", "25000 50000", "CPUQuotaPerSecUSec", "CPUQuotaPerSecUSec t 500000"},
        {"cpu.max", "max", "CPUQuotaPerSecUSec", "CPUQuotaPerSecUSec t 18446744073709551615"},
        {"cpuset.cpus", "0-1", "AllowedCPUs", "AllowedCPUs ay 1 3"},
        {"cpuset.mems", "1", "AllowedMemoryNodes", "AllowedMemoryNodes ay 1 2"},
        {"cpuset.cpus.partition", "isolated", "CPUSetPartition", "CPUSetPartition s isolated"},
        {"pids.max", "max", "TasksMax", "TasksMax t 18446744073709551615"},
        {"pids.max", "0", "TasksMax", "TasksMax t 1"},
        {"io.weight", "default 300", "IOWeight", "IOWeight t 300"},
        {"io.weight", "100\n8:0 200", "IODeviceWeight",
         "IODeviceWeight a(st) 1 /dev/block/8:0 200"},
        {"io.bfq.weight", "1000", "IOWeight", "IOWeight t 10000"},
        {"io.max", "8:0 rbps=5 wiops=max", "IOReadBandwidthMax",
         "IOReadBandwidthMax a(st) 1 /dev/block/8:0 5"},
        {"io.latency", "8:16 target=75", "IODeviceLatencyTargetUSec",
         "IODeviceLatencyTargetUSec a(st) 1 /dev/block/8:16 75"},
    };
    for (const Row& row : rows) {
        const UnitPlan plan = plan_of(unified({{row.key, row.value}}));
        EXPECT_EQ(property(plan, row.name), row.text) << row.key;
        EXPECT_TRUE(plan.cgroup_files.empty()) << row.key << " is written behind systemd's back";
    }
}

TEST(Unified, OtherKeysAreFiles) {
    const UnitPlan plan = plan_of(
        unified({{"misc.max", "res_a 1"}, {"memory.swap.high", "5"}, {"cgroup.max.depth", "3"}}));
    EXPECT_EQ(file(plan.cgroup_files, "misc.max"), "res_a 1");
    EXPECT_EQ(file(plan.cgroup_files, "memory.swap.high"), "5");
    EXPECT_EQ(file(plan.cgroup_files, "cgroup.max.depth"), "3");
}

TEST(Unified, WinsOverTheTypedFields) {
    oci::Resources resources = unified({{"memory.max", "2097152"},
                                        {"cpu.max", "max 100000"},
                                        {"pids.max", "9"},
                                        {"hugetlb.2MB.max", "7"}});
    resources.memory.emplace().limit = 1 << 20;
    resources.cpu.emplace().quota = 5'000;
    resources.pids_limit = 3;
    resources.hugepage_limits = {{"2MB", 5}};
    const UnitPlan plan = plan_of(resources);
    EXPECT_EQ(property(plan, "MemoryMax"), "MemoryMax t 2097152");
    EXPECT_EQ(file(plan.expected_files, "memory.max"), "2097152");
    EXPECT_EQ(property(plan, "CPUQuotaPerSecUSec"), "CPUQuotaPerSecUSec t 18446744073709551615");
    EXPECT_EQ(file(plan.expected_files, "cpu.max"), "max 100000");
    EXPECT_EQ(property(plan, "TasksMax"), "TasksMax t 9");
    EXPECT_EQ(file(plan.cgroup_files, "hugetlb.2MB.max"), "7");
    for (const Property& one : plan.properties)
        EXPECT_EQ(std::count_if(plan.properties.begin(), plan.properties.end(),
                                [&](const Property& p) { return p.name == one.name; }),
                  1)
            << one.name << " is sent twice";
}

TEST(Unified, IdleWinsOverWeightInEitherOrder) {
    for (const auto& keys : {Files{{"cpu.idle", "1"}, {"cpu.weight", "50"}},
                             Files{{"cpu.weight", "50"}, {"cpu.idle", "1"}}}) {
        const UnitPlan plan = plan_of(unified(keys));
        EXPECT_EQ(property(plan, "CPUWeight"), "CPUWeight t 0");
        EXPECT_EQ(plan.warnings.size(), 1u);
    }
}

TEST(Unified, NewerPropertiesHaveAFile) {
    const UnitPlan plan = plan_of(unified({{"memory.zswap.max", "5"}, {"memory.oom.group", "0"}}));
    ASSERT_EQ(plan.fallbacks.size(), 2u);
    EXPECT_EQ(plan.fallbacks[0].property, "MemoryZSwapMax");
    EXPECT_EQ(plan.fallbacks[0].file, "memory.zswap.max");
    EXPECT_EQ(plan.fallbacks[0].content, "5");
    EXPECT_EQ(plan.fallbacks[1].property, "OOMPolicy");
    EXPECT_EQ(plan.fallbacks[1].content, "0");
}

TEST(Unified, IsRefusedByKey) {
    struct Row {
        const char *key, *value;
    };
    const Row rows[] = {
        {"../x.y", "1"},
        {"memory/max", "1"},
        {"memory", "1"},
        {".max", "1"},
        {"a b.c", "1"},
        {"", "1"},
        {"cgroup.procs", "1"},
        {"cgroup.freeze", "1"},
        {"cgroup.kill", "1"},
        {"cgroup.threads", "1"},
        {"cgroup.type", "threaded"},
        {"cgroup.subtree_control", "-cpu"},
        {"cpu.weight.nice", "1"},
        {"cpu.weight", "0"},
        {"cpu.weight", "10001"},
        {"cpu.idle", "2"},
        {"cpu.max", ""},
        {"cpu.max", "1 2 3"},
        {"cpu.max", "5"},
        {"cpu.max", "5000 5"},
        {"memory.max", "0"},
        {"memory.max", "-1"},
        {"memory.max", "1M"},
        {"memory.high", "0"},
        {"memory.oom.group", "yes"},
        {"pids.max", "many"},
        {"cpuset.cpus", "a"},
        {"cpuset.cpus.partition", "x"},
        {"io.max", "8 rbps=1"},
        {"io.max", "8:0 rbps=0"},
        {"io.max", "8:0 foo=1"},
        {"io.weight", "0"},
        {"io.weight", "8:0"},
        {"io.bfq.weight", "1001"},
        {"io.latency", "8:0 5"},
        {"io.latency", "8:0 target=0"},
    };
    for (const Row& row : rows) {
        const std::string why = refusal(unified({{row.key, row.value}}));
        EXPECT_THAT(why, HasSubstr("linux.resources.unified")) << row.key;
        EXPECT_THAT(why, HasSubstr(row.key));
    }
    EXPECT_THAT(refusal(unified({{std::string(300, 'a') + ".b", "1"}})), HasSubstr("255 bytes"));
    EXPECT_THAT(refusal(unified({{"misc.max", std::string(5000, '1')}})), HasSubstr("4096"));
    EXPECT_THAT(refusal(unified({{"misc.max", std::string{"a\0b", 3}}})), HasSubstr("NUL"));
}

}  // namespace
}  // namespace unitc::unit
