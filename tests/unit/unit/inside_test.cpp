// SPDX-License-Identifier: Apache-2.0
// A container in the cgroup of a service: files instead of properties, and
// what is refused there.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<UnitPlan> inside(const oci::Config& config) {
    host::Facts facts = machine();
    facts.caller = host::Service{"web.service", "shop.slice", "/shop.slice/web.service"};
    facts.inside_caller = true;
    return translate(config, web(), facts);
}

std::string refused(const oci::Config& config) {
    const auto plan = inside(config);
    return plan ? "(accepted)" : plan.error().message;
}

TEST(Inside, IsAGroupBelowTheServicesCgroup) {
    const auto plan = inside({});
    ASSERT_TRUE(plan);
    EXPECT_EQ(group_path(*plan), "/shop.slice/web.service/unitc-web");
    EXPECT_EQ(plan->service, "web.service");
    EXPECT_THAT(plan->properties, IsEmpty());
}

TEST(Inside, ScopesAreInTheirSlice) {
    EXPECT_EQ(group_path(plan_of(oci::Config{})), "/system.slice/unitc-web.scope");
}

TEST(Inside, LimitsAreFilesAndNoProperties) {
    oci::Resources resources;
    resources.memory.emplace().limit = 1 << 20;
    resources.pids_limit = 7;
    resources.cpu.emplace().quota = 20'000;
    resources.unified = {{"memory.oom.group", "1"}, {"memory.zswap.max", "4096"}};
    const auto plan = inside(with(resources));
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_THAT(plan->properties, IsEmpty());
    EXPECT_THAT(plan->fallbacks, IsEmpty());
    EXPECT_EQ(file(plan->expected_files, "memory.max"), "1048576");
    EXPECT_EQ(file(plan->expected_files, "pids.max"), "7");
    EXPECT_EQ(file(plan->expected_files, "cpu.max"), "20000 100000");
    EXPECT_EQ(file(plan->cgroup_files, "memory.oom.group"), "1");
    EXPECT_EQ(file(plan->cgroup_files, "memory.zswap.max"), "4096");
}

TEST(Inside, RefusesWhatIsTheServicesOwn) {
    oci::Config config;
    config.linux_.emplace().cgroups_path = "/x";
    EXPECT_THAT(refused(config), HasSubstr("linux.cgroupsPath: the container is to be in the "
                                           "cgroup of 'web.service'"));
    config = {};
    config.annotations = {{"org.systemd.property.TasksMax", "uint64 1"}};
    EXPECT_THAT(refused(config), HasSubstr("annotations.org.systemd.property.TasksMax: "));
    oci::Resources resources;
    resources.devices = {{true, 'c', -1, 7, "rwm"}};
    EXPECT_THAT(refused(with(resources)), HasSubstr("linux.resources.devices[0]: "));
    resources.devices.clear();
    resources.block_io.emplace().weight = 300;
    EXPECT_THAT(refused(with(resources)), HasSubstr("IOWeight cannot be set"));
}

TEST(Inside, HasTheDevicesOfAScope) {
    oci::Resources resources;
    resources.devices = {{false, 'a', -1, -1, "rwm"}, {true, 'b', 8, 0, "r"}};
    const auto plan = inside(with(resources));
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_TRUE(plan->devices);
    const UnitPlan scope = plan_of(with(resources));
    const auto allow =
        std::find_if(scope.properties.begin(), scope.properties.end(),
                     [](const Property& known) { return known.name == "DeviceAllow"; });
    ASSERT_NE(allow, scope.properties.end());
    EXPECT_EQ(plan->devices->entries(), std::get<StringPairs>(allow->value));
    EXPECT_THAT(plan->devices->entries(), Contains(Pair("/dev/block/8:0", "r")));
}

TEST(Inside, HasAllDevicesWhereTheConfigSaysSo) {
    oci::Resources resources;
    resources.devices = {{true, 'a', -1, -1, "rwm"}};
    const auto plan = inside(with(resources));
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->devices);
}

}  // namespace
}  // namespace unitc::unit
