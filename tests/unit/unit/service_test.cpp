// SPDX-License-Identifier: Apache-2.0
// A container as a service of its own: what its unit has beside a scope's.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::HasSubstr;

Result<UnitPlan> service(const oci::Config& config) {
    host::Facts facts = machine();
    facts.as_service = true;
    return translate(config, web(), facts);
}

std::string refused(const oci::Config& config) {
    const auto plan = service(config);
    return plan ? "(accepted)" : plan.error().message;
}

oci::Config annotated(oci::StringMap annotations) {
    oci::Config config;
    for (auto& note : annotations)
        note.first.insert(0, "org.systemd.property.");
    config.annotations = std::move(annotations);
    return config;
}

TEST(Service, HasTheNameOfTheScopeWithAnotherEnd) {
    oci::Config config;
    EXPECT_EQ(service(config)->name, "unitc-web.service");
    config.linux_.emplace().cgroups_path = "shop.slice:cri:web";
    EXPECT_EQ(service(config)->name, "cri-web.service");
    EXPECT_EQ(group_path(*service(config)), "/shop.slice/cri-web.service");
}

TEST(Service, IsStartedWhenUnitcHasLeftIt) {
    const auto plan = service({});
    EXPECT_EQ(property(*plan, "Type"), "Type s forking");
    EXPECT_EQ(property(*plan, "NotifyAccess"), "NotifyAccess s exec");
    EXPECT_EQ(property(*plan, "CollectMode"), "");
    EXPECT_EQ(property(*plan, "KillMode"), "KillMode s mixed");
    EXPECT_EQ(property(*service(annotated({{"KillMode", "'process'"}})), "KillMode"),
              "KillMode s process");
    EXPECT_EQ(property(*plan, "Conflicts"), "Conflicts as 1 shutdown.target");
}

TEST(Service, HasTheLimitsOfAScope) {
    oci::Resources resources;
    resources.memory.emplace().limit = 1 << 20;
    resources.pids_limit = 7;
    const auto plan = service(with(resources));
    ASSERT_TRUE(plan);
    EXPECT_EQ(property(*plan, "MemoryMax"), property(plan_of(resources), "MemoryMax"));
    EXPECT_EQ(property(*plan, "TasksMax"), "TasksMax t 7");
}

TEST(Service, NeedsRoomForUnitcItself) {
    oci::Resources resources;
    resources.pids_limit = 3;
    EXPECT_THAT(refused(with(resources)), HasSubstr("linux.resources.pids.limit: is 3"));
    resources.pids_limit = 4;
    EXPECT_EQ(refused(with(resources)), "(accepted)");
}

TEST(Service, TakesAnnotationsThatAScopeRefuses) {
    const oci::Config config = annotated({{"Restart", "'on-failure'"}, {"RestartSec", "2"}});
    const auto plan = service(config);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(property(*plan, "Restart"), "Restart s on-failure");
    EXPECT_EQ(property(*plan, "RestartUSec"), "RestartUSec t 2000000");
    const auto scope = translate(config, web(), machine());
    ASSERT_FALSE(scope);
    EXPECT_THAT(scope.error().message, HasSubstr("Restart: only of a container that is a service"));
}

TEST(Service, SpeaksForItselfOnlyWhereItsRootIsNotTheHosts) {
    oci::Config config = annotated({{"Type", "'notify'"}});
    EXPECT_THAT(refused(config), HasSubstr("Type: the container's root is the host's"));
    config.linux_.emplace().namespaces.push_back({oci::NamespaceType::User, ""});
    const auto plan = service(config);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(property(*plan, "Type"), "Type s notify");
    EXPECT_EQ(property(*plan, "NotifyAccess"), "NotifyAccess s all");
    EXPECT_EQ(refused(annotated({{"Type", "'notify'"}, {"NotifyAccess", "'main'"}})), "(accepted)");
}

TEST(Service, RefusesWhatOnlyAProgramThatSpeaksCanUse) {
    for (const char* name : {"WatchdogUSec", "NotifyAccess", "FileDescriptorStoreMax"}) {
        const bool text = std::string_view{name} == "NotifyAccess";
        EXPECT_THAT(refused(annotated({{name, text ? "'all'" : "7"}})),
                    HasSubstr(std::string{name} + ": only beside"));
    }
}

}  // namespace
}  // namespace unitc::unit
