// SPDX-License-Identifier: Apache-2.0
// Annotations that set unit properties: the list, the values, the refusals.
#include <gmock/gmock.h>

#include "unit/gvariant.hpp"
#include "unit/support.hpp"

namespace unitc::unit {
namespace {

using ::testing::HasSubstr;

oci::Config annotated(const std::string& name, const std::string& value) {
    oci::Config config;
    config.annotations = {{"org.systemd.property." + name, value}};
    return config;
}

TEST(Annotation, SetsAPropertyOfTheList) {
    struct Row {
        const char *name, *value, *property, *text;
    };
    const Row rows[] = {
        {"TimeoutStopSec", "30", "TimeoutStopUSec", "TimeoutStopUSec t 30000000"},
        {"TimeoutStopSec", "uint64 5", "TimeoutStopUSec", "TimeoutStopUSec t 5000000"},
        {"TimeoutStopUSec", "@t 123456", "TimeoutStopUSec", "TimeoutStopUSec t 123456"},
        {"RuntimeMaxSec", "int32 7", "RuntimeMaxUSec", "RuntimeMaxUSec t 7000000"},
        {"CollectMode", "'inactive'", "CollectMode", "CollectMode s inactive"},
        {"Description", "\"my web\"", "Description", "Description s \"my web\""},
        {"KillSignal", "int32 9", "KillSignal", "KillSignal i 9"},
        {"KillSignal", "0x0f", "KillSignal", "KillSignal i 15"},
        {"KillMode", "'mixed'", "KillMode", "KillMode s mixed"},
        {"SendSIGHUP", "true", "SendSIGHUP", "SendSIGHUP b true"},
        {"SendSIGKILL", "boolean false", "SendSIGKILL", "SendSIGKILL b false"},
        {"After", "['a.service', \"b.target\"]", "After", "After as 2 a.service b.target"},
        {"Wants", " [ 'a\\\\x2db.mount' ] ", "Wants", "Wants as 1 \"a\\\\x2db.mount\""},
        {"PartOf", "@as []", "PartOf", "PartOf as 0"},
        {"OOMPolicy", "'kill'", "OOMPolicy", "OOMPolicy s kill"},
        {"MemoryHigh", "uint64 1048576", "MemoryHigh", "MemoryHigh t 1048576"},
        {"ManagedOOMMemoryPressureLimit", "uint32 4294967295", "ManagedOOMMemoryPressureLimit",
         "ManagedOOMMemoryPressureLimit u 4294967295"},
        {"ManagedOOMPreference", "'avoid'", "ManagedOOMPreference", "ManagedOOMPreference s avoid"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(property(plan_of(annotated(row.name, row.value)), row.property), row.text)
            << row.name << " " << row.value;
}

TEST(Annotation, OutsideOfTheListIsRefusedByName) {
    for (const char* name : {"ExecStartPre",
                             "Slice",
                             "Delegate",
                             "AllowedCPUs",
                             "PIDs",
                             "PIDFDs",
                             "User",
                             "Controller",
                             "BPFProgram",
                             "DeviceAllow",
                             "DevicePolicy",
                             "DefaultDependencies",
                             "SuccessAction",
                             "FailureAction",
                             "OnFailure",
                             "JobTimeoutAction",
                             "RebootArgument",
                             "SourcePath",
                             "Conditions",
                             "IPEgressFilterPath",
                             "",
                             "Sec",
                             "USec",
                             "AfterSec",
                             "After ",
                             "after",
                             "KillSignalSec",
                             "TimeoutStop",
                             "TimeoutStopUSecSec",
                             "Description\n"}) {
        const std::string why = refusal(annotated(name, "'x'"));
        EXPECT_THAT(why, HasSubstr("annotations.org.systemd.property.")) << name;
        EXPECT_THAT(why, HasSubstr("is not among")) << name;
    }
}

TEST(Annotation, WithABadValueIsRefusedByName) {
    struct Row {
        const char *name, *value;
    };
    const Row rows[] = {
        {"KillSignal", "0"},
        {"KillSignal", "65"},
        {"KillSignal", "'SIGTERM'"},
        {"KillSignal", "-9"},
        {"KillSignal", "9.5"},
        {"KillSignal", ""},
        {"TimeoutStopSec", "'30'"},
        {"TimeoutStopSec", "-1"},
        {"TimeoutStopSec", "30s"},
        {"TimeoutStopSec", "18446744073709551616"},
        {"RuntimeMaxSec", "99999999999999"},
        {"SendSIGHUP", "1"},
        {"SendSIGHUP", "'true'"},
        {"SendSIGHUP", "uint32 true"},
        {"After", "'a.service'"},
        {"After", "['a']"},
        {"After", "['../a.service']"},
        {"After", "['a.service'"},
        {"After", "['a.service',]"},
        {"After", "[1]"},
        {"After", "['a.service'] x"},
        {"After", "[['a.service']]"},
        {"After", "['a\nb.service']"},
        {"CollectMode", "'never'"},
        {"CollectMode", "' '"},
        {"CollectMode", "''"},
        {"KillMode", "'mixed none'"},
        {"KillMode", "string 5"},
        {"Description", "'a"},
        {"Description", "'a\\nb'"},
        {"Description", "'\xff'"},
        {"Description", "'\\q'"},
        {"Description", "\"a' "},
        {"MemoryHigh", "'1M'"},
        {"CPUWeight", "0"},
        {"OOMPolicy", "kill"},
        {"After", "@s 'a.service'"},
    };
    for (const Row& row : rows)
        EXPECT_THAT(refusal(annotated(row.name, row.value)),
                    HasSubstr("annotations.org.systemd.property." + std::string{row.name} + ": "))
            << row.value;
    EXPECT_THAT(refusal(annotated("Description", "'" + std::string(5000, 'x') + "'")),
                HasSubstr("longer than 4096"));
    EXPECT_THAT(refusal(annotated("Description", "'" + std::string(2000, 'x') + "'")),
                HasSubstr("at most 1024"));
}

TEST(Annotation, OfAnotherKindIsLeftAlone) {
    oci::Config config;
    config.annotations = {{"org.opencontainers.image.title", "x"}, {"org.systemd.propertyX", "y"}};
    EXPECT_EQ(plan_of(config).properties, plan_of(oci::Config{}).properties);
}

TEST(Annotation, DoesNotReplaceALimitOfTheConfig) {
    oci::Config config = annotated("MemoryMax", "1");
    config.linux_.emplace().resources.emplace().memory.emplace().limit = 4096;
    const UnitPlan plan = plan_of(config);
    EXPECT_EQ(property(plan, "MemoryMax"), "MemoryMax t 4096");
    ASSERT_EQ(plan.warnings.size(), 1u);
    EXPECT_THAT(plan.warnings[0], HasSubstr("MemoryMax"));
}

TEST(Annotation, ListIsWhatFeaturesShows) {
    const auto names = allowed_annotations();
    EXPECT_THAT(names, ::testing::Contains("org.systemd.property.TimeoutStopUSec"));
    for (const std::string& name : names)
        EXPECT_TRUE(name.starts_with("org.systemd.property."));
}

TEST(Variant, NeverReadsPastItsText) {
    constexpr std::string_view kAlphabet = "'\"[]@,\\ast0x9-true uint64\n";
    uint64_t state = 7;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (size_t i = 0, n = (state >> 40) % 20; i < n; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text += kAlphabet[(state >> 33) % kAlphabet.size()];
        }
        state = state * 6364136223846793005u + 1442695040888963407u;
        const auto variant = parse_variant(text);
        if (!variant) {
            ASSERT_FALSE(variant.error().message.empty()) << text;
        }
    }
}

}  // namespace
}  // namespace unitc::unit
