// SPDX-License-Identifier: Apache-2.0
// What an update asks systemd for: what is given, completed by what is in
// force, and nothing else.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

UnitPlan change(const oci::Resources& resources, const CurrentLimits& current = {}) {
    auto plan = translate_update(resources, current, machine());
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? *plan : UnitPlan{};
}

std::string why_not(const oci::Resources& resources, const CurrentLimits& current = {}) {
    const auto plan = translate_update(resources, current, machine());
    return plan ? "(accepted)" : plan.error().message;
}

oci::Resources cpu(std::optional<int64_t> quota, std::optional<uint64_t> period) {
    oci::Resources resources;
    resources.cpu.emplace().quota = quota;
    resources.cpu->period = period;
    return resources;
}

TEST(Update, HoldsOnlyWhatIsGiven) {
    EXPECT_THAT(change({}).properties, IsEmpty());
    oci::Resources resources;
    resources.pids_limit = 12;
    const UnitPlan plan = change(resources);
    EXPECT_THAT(plan.properties, SizeIs(1));
    EXPECT_EQ(property(plan, "TasksMax"), "TasksMax t 12");
    EXPECT_EQ(file(plan.expected_files, "pids.max"), "12");
}

TEST(Update, NeverTouchesDevices) {
    oci::Resources resources;
    resources.devices.push_back({true, 'a', {}, {}, "rwm"});
    EXPECT_THAT(change(resources).properties, IsEmpty());
}

TEST(Update, CompletesQuotaAndPeriodByWhatIsInForce) {
    CurrentLimits current;
    current.cpu_quota_per_second = 500'000;
    current.cpu_period = 50'000;
    struct Row {
        std::optional<int64_t> quota;
        std::optional<uint64_t> period;
        const char *per_second, *period_text, *file;
    };
    for (const Row& row : {
             Row{10'000, {}, "CPUQuotaPerSecUSec t 200000", "", "10000 50000"},
             Row{{},
                 100'000,
                 "CPUQuotaPerSecUSec t 250000",
                 "CPUQuotaPeriodUSec t 100000",
                 "25000 100000"},
             Row{30'000, 100'000, "CPUQuotaPerSecUSec t 300000", "CPUQuotaPeriodUSec t 100000",
                 "30000 100000"},
             Row{-1, {}, "CPUQuotaPerSecUSec t 18446744073709551615", "", "max 50000"},
         }) {
        const UnitPlan plan = change(cpu(row.quota, row.period), current);
        EXPECT_EQ(property(plan, "CPUQuotaPerSecUSec"), row.per_second);
        EXPECT_EQ(property(plan, "CPUQuotaPeriodUSec"), row.period_text);
        EXPECT_EQ(file(plan.expected_files, "cpu.max"), row.file);
    }
    // Without a quota in force a period is kept for the quota to come.
    const UnitPlan plan = change(cpu({}, 50'000));
    EXPECT_EQ(property(plan, "CPUQuotaPerSecUSec"), "CPUQuotaPerSecUSec t 18446744073709551615");
    EXPECT_EQ(property(plan, "CPUQuotaPeriodUSec"), "CPUQuotaPeriodUSec t 50000");
    // A unified cpu.max without a period keeps the one in force, as the file does.
    oci::Resources unified;
    unified.unified = {{"cpu.max", "10000"}};
    EXPECT_EQ(property(change(unified, current), "CPUQuotaPerSecUSec"),
              "CPUQuotaPerSecUSec t 200000");
}

TEST(Update, TakesMemoryOutOfMemoryAndSwap) {
    CurrentLimits current;
    current.memory_max = 64 << 20;
    oci::Resources resources;
    resources.memory.emplace().swap = 96 << 20;
    const UnitPlan plan = change(resources, current);
    EXPECT_EQ(property(plan, "MemorySwapMax"), "MemorySwapMax t 33554432");
    EXPECT_EQ(property(plan, "MemoryMax"), "");
    EXPECT_THAT(why_not(resources), HasSubstr("linux.resources.memory.swap: "));
    resources.memory->swap = 32 << 20;
    EXPECT_THAT(why_not(resources, current), HasSubstr("must not be less than"));
    // What is given counts, not what it replaces.
    resources.memory->limit = 16 << 20;
    EXPECT_EQ(property(change(resources, current), "MemorySwapMax"), "MemorySwapMax t 16777216");
    resources.memory->limit = -1;
    EXPECT_THAT(why_not(resources, current), HasSubstr("linux.resources.memory.swap: "));
}

TEST(Update, LeavesSwapAloneUnlessMemoryIsUnlimited) {
    CurrentLimits current;
    current.memory_max = 64 << 20;
    oci::Resources resources;
    resources.memory.emplace().limit = 32 << 20;
    EXPECT_EQ(property(change(resources, current), "MemorySwapMax"), "");
    resources.memory->limit = -1;
    EXPECT_EQ(property(change(resources, current), "MemorySwapMax"),
              "MemorySwapMax t 18446744073709551615");
}

TEST(Update, EndsIdleOnlyWhereItIs) {
    CurrentLimits idle;
    idle.cpu_weight = 0;
    oci::Resources resources;
    resources.cpu.emplace().idle = 0;
    EXPECT_THAT(change(resources).properties, IsEmpty());
    const UnitPlan plan = change(resources, idle);
    EXPECT_EQ(property(plan, "CPUWeight"), "CPUWeight t 18446744073709551615");
    EXPECT_EQ(file(plan.expected_files, "cpu.idle"), "0");
    resources.cpu->shares = 1024;
    EXPECT_EQ(property(change(resources, idle), "CPUWeight"), "CPUWeight t 100");
    oci::Resources unified;
    unified.unified = {{"cpu.weight", "8"}, {"cpu.idle", "0"}};
    EXPECT_EQ(property(change(unified, idle), "CPUWeight"), "CPUWeight t 8");
    unified.unified = {{"cpu.idle", "0"}};
    EXPECT_EQ(property(change(unified, idle), "CPUWeight"), "CPUWeight t 18446744073709551615");
}

}  // namespace
}  // namespace unitc::unit
