// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: a container on a machine with every
// controller, and short ways to look at its plan.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "unit/translate.hpp"

namespace unitc::unit {

inline host::Facts machine() {
    host::Facts facts;
    facts.cgroup2 = true;
    facts.systemd = true;
    facts.cgroup_controllers = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"};
    return facts;
}

inline ContainerId web() {
    return *ContainerId::parse("web");
}

inline oci::Config with(const oci::Resources& resources) {
    oci::Config config;
    config.linux_.emplace().resources = resources;
    return config;
}

inline UnitPlan plan_of(const oci::Config& config) {
    auto plan = translate(config, web(), machine());
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? *plan : UnitPlan{};
}

inline UnitPlan plan_of(const oci::Resources& resources) {
    return plan_of(with(resources));
}

// "MemoryMax t 1", or "" when the plan has no such property.
inline std::string property(const UnitPlan& plan, std::string_view name) {
    for (const Property& known : plan.properties)
        if (known.name == name)
            return to_text(known);
    return "";
}

using Files = std::vector<std::pair<std::string, std::string>>;
inline std::string file(const Files& files, std::string_view name) {
    for (const auto& [known, content] : files)
        if (known == name)
            return content;
    return "(none)";
}

inline std::string refusal(const oci::Config& config) {
    const auto plan = translate(config, web(), machine());
    return plan ? "(accepted)" : plan.error().message;
}

inline std::string refusal(const oci::Resources& resources) {
    return refusal(with(resources));
}

}  // namespace unitc::unit
