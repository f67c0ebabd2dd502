// SPDX-License-Identifier: Apache-2.0
#include "oci/validate_supported.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace unitc::oci {
namespace {

struct Row {
    std::string_view path;  // below linux.resources
    bool (*given)(const Resources& resources);
};

// Only cgroup v1 has them; unlike memory.kernel the spec does not allow to
// ignore them. What says the same as v2 always does (no disabled OOM killer,
// a hierarchy) passes.
constexpr Row kVersion1[] = {
    {"memory.swappiness", [](const Resources& r) { return r.memory && r.memory->swappiness; }},
    {"memory.disableOOMKiller",
     [](const Resources& r) { return r.memory && r.memory->disable_oom_killer.value_or(false); }},
    {"memory.useHierarchy",
     [](const Resources& r) { return r.memory && !r.memory->use_hierarchy.value_or(true); }},
    {"cpu.realtimeRuntime", [](const Resources& r) { return r.cpu && r.cpu->realtime_runtime; }},
    {"cpu.realtimePeriod", [](const Resources& r) { return r.cpu && r.cpu->realtime_period; }},
    {"network.classID", [](const Resources& r) { return r.network && r.network->class_id; }},
    {"network.priorities",
     [](const Resources& r) { return r.network && !r.network->priorities.empty(); }},
    {"blockIO.leafWeight",
     [](const Resources& r) { return r.block_io && r.block_io->leaf_weight; }},
    {"blockIO.weightDevice[].leafWeight",
     [](const Resources& r) {
         return r.block_io &&
                std::any_of(r.block_io->weight_device.begin(), r.block_io->weight_device.end(),
                            [](const WeightDevice& device) { return device.leaf_weight; });
     }},
};

Result<> exists_in_version_2(const Resources& resources) {
    for (const Row& row : kVersion1)
        if (row.given(resources))
            return fail("linux.resources." + std::string{row.path} +
                        ": does not exist in cgroup v2");
    return {};
}

}  // namespace

Result<> is_supported(const Config& config) {
    if (!config.linux_)
        return {};
    if (config.linux_->resources)
        TRY(exists_in_version_2(*config.linux_->resources));
    return {};
}

}  // namespace unitc::oci
