// SPDX-License-Identifier: Apache-2.0
// The signal that an image wants to be stopped with.
#include <gmock/gmock.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

oci::Config annotated(oci::StringMap annotations) {
    oci::Config config;
    config.annotations = std::move(annotations);
    return config;
}

constexpr const char* kStopSignal = "org.opencontainers.image.stopSignal";

TEST(StopSignal, BecomesTheUnitsKillSignal) {
    EXPECT_EQ(property(plan_of(annotated({{kStopSignal, "SIGQUIT"}})), "KillSignal"),
              "KillSignal i 3");
    EXPECT_EQ(property(plan_of(annotated({{kStopSignal, "37"}})), "KillSignal"), "KillSignal i 37");
    EXPECT_EQ(property(plan_of(annotated({{kStopSignal, "SIGRTMIN+3"}})), "KillSignal"),
              "KillSignal i 37");
}

TEST(StopSignal, IsLeftToSystemdWhereItIsSystemdsOwn) {
    for (const char* text : {"SIGTERM", "15", ""}) {
        const UnitPlan plan = plan_of(annotated({{kStopSignal, text}}));
        EXPECT_EQ(property(plan, "KillSignal"), "") << text;
        EXPECT_THAT(plan.warnings, IsEmpty()) << text;
    }
}

TEST(StopSignal, OfThePropertysOwnAnnotationIsTheStronger) {
    EXPECT_EQ(property(plan_of(annotated({{kStopSignal, "SIGQUIT"},
                                          {"org.systemd.property.KillSignal", "int32 10"}})),
                       "KillSignal"),
              "KillSignal i 10");
}

TEST(StopSignal, ThatIsNoneIsWarnedAbout) {
    for (const char* text : {"SIGNONE", "0", "65", "-1", "15 "}) {
        const UnitPlan plan = plan_of(annotated({{kStopSignal, text}}));
        EXPECT_EQ(property(plan, "KillSignal"), "") << text;
        EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("image.stopSignal: '"))) << text;
    }
}

}  // namespace
}  // namespace unitc::unit
