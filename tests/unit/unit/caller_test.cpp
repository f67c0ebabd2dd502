// SPDX-License-Identifier: Apache-2.0
// The container of a service.
#include "unit/support.hpp"

namespace unitc::unit {
namespace {

oci::Config annotated(oci::StringMap annotations) {
    oci::Config config;
    config.annotations = std::move(annotations);
    return config;
}

UnitPlan part_of_web(const oci::Config& config) {
    host::Facts facts = machine();
    facts.caller = host::Service{"web.service", "shop.slice", "/shop.slice/web.service"};
    auto plan = translate(config, web(), facts);
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? *plan : UnitPlan{};
}

TEST(Caller, IsNamedByNothingWhereThereIsNone) {
    const UnitPlan plan = plan_of(oci::Config{});
    EXPECT_EQ(property(plan, "PartOf"), "");
    EXPECT_EQ(property(plan, "Before"), "");
    EXPECT_EQ(plan.slice, "system.slice");
}

TEST(Caller, HasTheScopeAsItsPartAndStopsFirst) {
    const UnitPlan plan = part_of_web({});
    EXPECT_EQ(property(plan, "PartOf"), "PartOf as 1 web.service");
    EXPECT_EQ(property(plan, "Before"), "Before as 1 web.service");
}

TEST(Caller, SharesItsSliceUnlessTheConfigNamesAnother) {
    EXPECT_EQ(part_of_web({}).slice, "shop.slice");
    EXPECT_EQ(property(part_of_web({}), "Slice"), "Slice s shop.slice");
    oci::Config config;
    config.linux_.emplace().cgroups_path = "machine.slice:p:n";
    EXPECT_EQ(part_of_web(config).slice, "machine.slice");
}

TEST(Caller, JoinsTheUnitsThatAnnotationsName) {
    const UnitPlan plan =
        part_of_web(annotated({{"org.systemd.property.PartOf", "['a.target']"},
                               {"org.systemd.property.Before", "['web.service', 'b.target']"}}));
    EXPECT_EQ(property(plan, "PartOf"), "PartOf as 2 a.target web.service");
    EXPECT_EQ(property(plan, "Before"), "Before as 2 web.service b.target");
}

TEST(Caller, LeavesAnOrderThatAnAnnotationGives) {
    const UnitPlan plan =
        part_of_web(annotated({{"org.systemd.property.After", "['web.service']"}}));
    EXPECT_EQ(property(plan, "After"), "After as 1 web.service");
    EXPECT_EQ(property(plan, "Before"), "");
}

}  // namespace
}  // namespace unitc::unit
