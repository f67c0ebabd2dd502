// SPDX-License-Identifier: Apache-2.0
// The typed fields of linux.resources and what becomes of them.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

oci::Resources memory(std::optional<int64_t> limit, std::optional<int64_t> swap = {},
                      std::optional<int64_t> reservation = {}) {
    oci::Resources resources;
    auto& memory = resources.memory.emplace();
    memory.limit = limit;
    memory.swap = swap;
    memory.reservation = reservation;
    return resources;
}

oci::Resources quota(std::optional<int64_t> quota, std::optional<uint64_t> period) {
    oci::Resources resources;
    auto& cpu = resources.cpu.emplace();
    cpu.quota = quota;
    cpu.period = period;
    return resources;
}

TEST(Lifecycle, IsWhatEveryScopeCarries) {
    const UnitPlan plan = plan_of(oci::Config{});
    EXPECT_EQ(plan.name, "unitc-web.scope");
    EXPECT_EQ(plan.slice, "system.slice");
    EXPECT_EQ(property(plan, "Description"), "Description s \"unitc container web\"");
    EXPECT_EQ(property(plan, "Slice"), "Slice s system.slice");
    EXPECT_EQ(property(plan, "Delegate"), "Delegate b true");
    EXPECT_EQ(property(plan, "CollectMode"), "CollectMode s inactive-or-failed");
    EXPECT_EQ(property(plan, "DefaultDependencies"), "DefaultDependencies b false");
    EXPECT_THAT(plan.expected_files, IsEmpty());
    EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(Memory, SwapIsWithoutMemory) {
    struct Row {
        std::optional<int64_t> limit, swap;
        const char* property;  // MemorySwapMax
        const char* file;
    };
    const Row rows[] = {
        {1 << 20, 3 << 20, "MemorySwapMax t 2097152", "2097152"},
        {1 << 20, 1 << 20, "MemorySwapMax t 0", "0"},
        {1 << 20, -1, "MemorySwapMax t 18446744073709551615", "max"},
        {-1, -1, "MemorySwapMax t 18446744073709551615", "max"},
        {-1, 0, "MemorySwapMax t 18446744073709551615", "max"},
        {-1, {}, "MemorySwapMax t 18446744073709551615", "max"},
        {{}, -1, "MemorySwapMax t 18446744073709551615", "max"},
        {1 << 20, 0, "", "(none)"},
        {1 << 20, {}, "", "(none)"},
        {{}, {}, "", "(none)"},
    };
    for (const Row& row : rows) {
        const UnitPlan plan = plan_of(memory(row.limit, row.swap));
        EXPECT_EQ(property(plan, "MemorySwapMax"), row.property);
        EXPECT_EQ(file(plan.expected_files, "memory.swap.max"), row.file);
    }
}

TEST(Memory, ImpossibleSwapIsRefusedByName) {
    EXPECT_THAT(refusal(memory(2 << 20, 1 << 20)), HasSubstr("linux.resources.memory.swap: is 1"));
    EXPECT_THAT(refusal(memory({}, 1 << 20)), HasSubstr("linux.resources.memory.swap: "));
    EXPECT_THAT(refusal(memory(-1, 1 << 20)), HasSubstr("linux.resources.memory.swap: "));
    EXPECT_THAT(refusal(memory(-2)), HasSubstr("linux.resources.memory.limit: is -2"));
    EXPECT_THAT(refusal(memory({}, {}, -7)), HasSubstr("memory.reservation: is -7"));
}

TEST(Memory, IsReadBackAsTheKernelShowsIt) {
    const UnitPlan plan = plan_of(memory(10'000'000, {}, INT64_MAX));
    EXPECT_EQ(property(plan, "MemoryMax"), "MemoryMax t 10000000");
    EXPECT_EQ(file(plan.expected_files, "memory.max"), "9998336");  // whole pages
    EXPECT_EQ(file(plan.expected_files, "memory.low"), "max");      // beyond the counters
    EXPECT_EQ(property(plan_of(memory(-1)), "MemoryMax"), "MemoryMax t 18446744073709551615");
    EXPECT_EQ(property(plan_of(memory(0)), "MemoryMax"), "");
}

TEST(Memory, WhatCgroup2LacksIsRefusedOrWarnedAbout) {
    oci::Resources resources = memory(1 << 20);
    resources.memory->kernel = 1 << 20;
    EXPECT_THAT(plan_of(resources).warnings, SizeIs(1));
    resources = memory(1 << 20);
    resources.memory->disable_oom_killer = true;
    EXPECT_THAT(refusal(resources), HasSubstr("disableOOMKiller"));
    resources.memory->disable_oom_killer = false;
    EXPECT_EQ(refusal(resources), "(accepted)");
    resources.memory->swappiness = 0;
    EXPECT_THAT(refusal(resources), HasSubstr("swappiness"));
}

TEST(Cpu, SharesBecomeAWeight) {
    oci::Resources resources;
    resources.cpu.emplace().shares = 1024;
    EXPECT_EQ(property(plan_of(resources), "CPUWeight"), "CPUWeight t 100");
    EXPECT_EQ(file(plan_of(resources).expected_files, "cpu.weight"), "100");
    resources.cpu->shares = 0;
    EXPECT_EQ(property(plan_of(resources), "CPUWeight"), "");
}

TEST(Cpu, IdleWinsOverShares) {
    oci::Resources resources;
    resources.cpu.emplace().shares = 1024;
    resources.cpu->idle = 1;
    const UnitPlan plan = plan_of(resources);
    EXPECT_EQ(property(plan, "CPUWeight"), "CPUWeight t 0");
    EXPECT_EQ(file(plan.expected_files, "cpu.idle"), "1");
    EXPECT_EQ(file(plan.expected_files, "cpu.weight"), "(none)");
    EXPECT_THAT(plan.warnings, SizeIs(1));
    resources.cpu->idle = 2;
    EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.cpu.idle: is 2"));
}

TEST(Cpu, QuotaAndPeriodAreOneLimit) {
    struct Row {
        std::optional<int64_t> quota;
        std::optional<uint64_t> period;
        const char *per_second, *period_text, *file;
    };
    const Row rows[] = {
        {50'000, 100'000, "CPUQuotaPerSecUSec t 500000", "CPUQuotaPeriodUSec t 100000",
         "50000 100000"},
        {50'000, {}, "CPUQuotaPerSecUSec t 500000", "", "50000 100000"},
        {20'000, 10'000, "CPUQuotaPerSecUSec t 2000000", "CPUQuotaPeriodUSec t 10000",
         "20000 10000"},
        {-1, 50'000, "CPUQuotaPerSecUSec t 18446744073709551615", "CPUQuotaPeriodUSec t 50000",
         "max 50000"},
        {0, 50'000, "CPUQuotaPerSecUSec t 18446744073709551615", "CPUQuotaPeriodUSec t 50000",
         "max 50000"},
        {-1, {}, "CPUQuotaPerSecUSec t 18446744073709551615", "", "max 100000"},
        {0, {}, "", "", "(none)"},
        {{}, 0, "", "", "(none)"},
    };
    for (const Row& row : rows) {
        const UnitPlan plan = plan_of(quota(row.quota, row.period));
        EXPECT_EQ(property(plan, "CPUQuotaPerSecUSec"), row.per_second);
        EXPECT_EQ(property(plan, "CPUQuotaPeriodUSec"), row.period_text);
        EXPECT_EQ(file(plan.expected_files, "cpu.max"), row.file);
    }
}

TEST(Cpu, AnUnlimitedQuotaKeepsItsPeriodInTheFile) {
    EXPECT_EQ(file(plan_of(quota(-1, 50'000)).cgroup_files, "cpu.max"), "max 50000");
    EXPECT_EQ(file(plan_of(quota(-1, 100'000)).cgroup_files, "cpu.max"), "(none)");
    EXPECT_EQ(file(plan_of(quota(5'000, 50'000)).cgroup_files, "cpu.max"), "(none)");
    // A later source that does limit it leaves nothing of it.
    oci::Resources resources = quota(-1, 50'000);
    resources.unified = {{"cpu.max", "5000 50000"}};
    EXPECT_EQ(file(plan_of(resources).cgroup_files, "cpu.max"), "(none)");
}

TEST(Cpu, NumbersThatTheKernelRefusesAreRefusedByName) {
    EXPECT_THAT(refusal(quota(999, {})), HasSubstr("linux.resources.cpu.quota: is 999"));
    EXPECT_THAT(refusal(quota(5'000, 999)), HasSubstr("linux.resources.cpu.period: is 999"));
    EXPECT_THAT(refusal(quota(5'000, 1'000'001)), HasSubstr("linux.resources.cpu.period: "));
    EXPECT_THAT(refusal(quota(INT64_MAX, 1'000)), HasSubstr("linux.resources.cpu."));
    oci::Resources realtime;
    realtime.cpu.emplace().realtime_runtime = 1;
    EXPECT_THAT(refusal(realtime), HasSubstr("realtimeRuntime"));
}

TEST(Cpu, BurstIsWrittenToItsFileAndIsNoProperty) {
    oci::Resources resources;
    resources.cpu.emplace().burst = 5'000;
    EXPECT_EQ(file(plan_of(resources).cgroup_files, "cpu.max.burst"), "5000");
}

TEST(Cpuset, IsAMaskAndReadBackAsAList) {
    oci::Resources resources;
    resources.cpu.emplace().cpus = "3,0-1";
    resources.cpu->mems = "0";
    const UnitPlan plan = plan_of(resources);
    EXPECT_EQ(property(plan, "AllowedCPUs"), "AllowedCPUs ay 1 11");
    EXPECT_EQ(property(plan, "AllowedMemoryNodes"), "AllowedMemoryNodes ay 1 1");
    EXPECT_EQ(file(plan.expected_files, "cpuset.cpus"), "0-1,3");
    EXPECT_EQ(file(plan.expected_files, "cpuset.mems"), "0");
    resources.cpu->cpus = "x";
    EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.cpu.cpus: "));
}

TEST(Pids, ZeroIsOneAndNegativeIsNone) {
    struct Row {
        int64_t limit;
        const char *property, *file;
    };
    for (const Row& row :
         {Row{0, "TasksMax t 1", "1"}, Row{1, "TasksMax t 1", "1"},
          Row{512, "TasksMax t 512", "512"}, Row{-1, "TasksMax t 18446744073709551615", "max"},
          Row{-9, "TasksMax t 18446744073709551615", "max"}}) {
        oci::Resources resources;
        resources.pids_limit = row.limit;
        EXPECT_EQ(property(plan_of(resources), "TasksMax"), row.property);
        EXPECT_EQ(file(plan_of(resources).expected_files, "pids.max"), row.file);
    }
}

TEST(BlockIo, WeightsAndThrottlesAreProperties) {
    oci::Resources resources;
    auto& io = resources.block_io.emplace();
    io.weight = 500;
    io.weight_device = {{8, 0, 1000, {}}, {8, 16, {}, {}}};
    io.throttle_read_bps_device = {{8, 0, 1'000'000}, {8, 16, 5}};
    io.throttle_write_iops_device = {{8, 0, 300}, {8, 0, 200}};
    const UnitPlan plan = plan_of(resources);
    EXPECT_EQ(property(plan, "IOWeight"), "IOWeight t 4950");
    EXPECT_EQ(property(plan, "IODeviceWeight"), "IODeviceWeight a(st) 1 /dev/block/8:0 10000");
    EXPECT_EQ(property(plan, "IOReadBandwidthMax"),
              "IOReadBandwidthMax a(st) 2 /dev/block/8:0 1000000 /dev/block/8:16 5");
    EXPECT_EQ(property(plan, "IOWriteIOPSMax"), "IOWriteIOPSMax a(st) 1 /dev/block/8:0 200");
    EXPECT_EQ(file(plan.expected_files, "io.max"), "* rbps=1000000\n* rbps=5\n* wiops=200");
}

TEST(BlockIo, WeighsForBfqAsAskedWhereThereIsOne) {
    oci::Resources resources;
    EXPECT_FALSE(needs_bfq(resources));
    resources.block_io.emplace().weight_device = {{8, 0, 444, {}}};
    EXPECT_TRUE(needs_bfq(resources));
    resources.block_io->weight = 750;
    host::Facts facts = machine();
    facts.bfq = true;
    const auto plan = translate(with(resources), web(), facts);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(property(*plan, "IOWeight"), "IOWeight t 7250");
    EXPECT_EQ(property(*plan, "IODeviceWeight"), "IODeviceWeight a(st) 1 /dev/block/8:0 3884");
}

TEST(BlockIo, IsRefusedOutOfRange) {
    oci::Resources resources;
    resources.block_io.emplace().weight = 9;
    EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.blockIO.weight: is 9"));
    resources.block_io->weight = 1001;
    EXPECT_THAT(refusal(resources), HasSubstr("must be 10 to 1000"));
    resources.block_io->weight = 0;
    EXPECT_EQ(refusal(resources), "(accepted)");
    resources.block_io->throttle_read_iops_device = {{8, 0, 0}};
    EXPECT_THAT(refusal(resources), HasSubstr("throttleReadIOPSDevice.rate: is 0"));
    resources.block_io->throttle_read_iops_device = {{4096, 0, 1}};
    EXPECT_THAT(refusal(resources), HasSubstr("4096:0 is no device number"));
    resources.block_io->throttle_read_iops_device.clear();
    resources.block_io->leaf_weight = 10;
    EXPECT_THAT(refusal(resources), HasSubstr("leafWeight"));
}

TEST(Unmapped, GoesToTheUnitsOwnFiles) {
    oci::Resources resources;
    resources.hugepage_limits = {{"2MB", 4 << 20}};
    resources.rdma = {{"mlx5_1", {3, {}}}, {"rxe3", {{}, 1000}}};
    const UnitPlan plan = plan_of(resources);
    EXPECT_EQ(file(plan.cgroup_files, "hugetlb.2MB.max"), "4194304");
    EXPECT_EQ(file(plan.cgroup_files, "hugetlb.2MB.rsvd.max"), "4194304");
    EXPECT_EQ(file(plan.cgroup_files, "rdma.max"), "mlx5_1 hca_handle=3\nrxe3 hca_object=1000\n");
}

TEST(Unmapped, IsRefusedWhereItWouldBeAnotherFile) {
    for (const char* size : {"", "MB", "2", "02MB", "2TB", "../2MB", "2MB.rsvd", "2mb"}) {
        oci::Resources resources;
        resources.hugepage_limits = {{size, 1}};
        EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.hugepageLimits: ")) << size;
    }
    oci::Resources resources;
    resources.rdma = {{"a\nb", {1, 1}}};
    EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.rdma: "));
    resources.rdma.clear();
    resources.network.emplace().class_id = 7;
    EXPECT_THAT(refusal(resources), HasSubstr("linux.resources.network: "));
}

TEST(MissingController, IsOneWarningAndNothingIsReadBackOrWritten) {
    oci::Resources resources = memory(1 << 20, 2 << 20);
    resources.pids_limit = 5;
    resources.hugepage_limits = {{"2MB", 4 << 20}};
    host::Facts bare = machine();
    bare.cgroup_controllers.clear();
    const auto plan = translate(with(resources), web(), bare);
    ASSERT_TRUE(plan);
    EXPECT_EQ(property(*plan, "MemoryMax"), "MemoryMax t 1048576");
    EXPECT_THAT(plan->expected_files, IsEmpty());
    EXPECT_THAT(plan->cgroup_files, IsEmpty());
    EXPECT_THAT(plan->warnings, SizeIs(3));
    EXPECT_THAT(plan->warnings.front(),
                HasSubstr("this machine has no cgroup2 controller 'memory'"));
    bare.user_manager = true;
    EXPECT_THAT(translate(with(resources), web(), bare)->warnings.front(),
                HasSubstr("controller 'memory' is not delegated to your service manager"));
}

TEST(UserManager, GetsUnitsInItsOwnSliceAndNoDeviceFilter) {
    host::Facts facts = machine();
    facts.user_manager = true;
    const auto plan = translate(with({}), web(), facts);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->slice, "user.slice");
    for (const Property& each : plan->properties)
        EXPECT_THAT(each.name, testing::Not(HasSubstr("Device")));
}

}  // namespace
}  // namespace unitc::unit
