// SPDX-License-Identifier: Apache-2.0
// OCI config → a group in the cgroup of the service that unitc runs in. There
// the tree is delegated: what is a property of a unit elsewhere is a file or, of
// devices, a program here, and what is the service's own is refused.
#include <algorithm>

#include "base/text.hpp"
#include "unit/builder.hpp"
#include "unit/translate.hpp"

namespace unitc::unit {
namespace {

// Those whose files are known to the last byte: they are expected to be read
// back, or to be written where a manager is too old for the property.
constexpr std::string_view kFiled[] = {
    "AllowedCPUs",
    "AllowedMemoryNodes",
    "CPUQuotaPerSecUSec",
    "CPUQuotaPeriodUSec",
    "CPUSetPartition",
    "CPUWeight",
    "IOReadBandwidthMax",
    "IOReadIOPSMax",
    "IOWriteBandwidthMax",
    "IOWriteIOPSMax",
    "MemoryHigh",
    "MemoryLow",
    "MemoryMax",
    "MemoryMin",
    "MemorySwapMax",
    "MemoryZSwapMax",
    "MemoryZSwapWriteback",
    "OOMPolicy",
    "TasksMax",
};

Result<> check_config(const oci::Config& config, const std::string& service) {
    const std::string why = ": the container is to be in the cgroup of '" + service + "'";
    constexpr const char* kRemedy =
        "; the annotation org.unitc.unit: \"scope\" makes it a unit of its own";
    if (config.linux_ && !config.linux_->cgroups_path.empty())
        return fail("linux.cgroupsPath" + why + kRemedy);
    for (const auto& [key, value] : config.annotations)
        if (key.starts_with("org.systemd.property."))
            return fail("annotations." + text::printable(key.substr(0, 128)) + why +
                        ", whose own properties count" + kRemedy);
    return {};
}

Result<> check_files(const UnitPlan& plan) {
    for (const Property& property : plan.properties)
        if (std::find(std::begin(kFiled), std::end(kFiled), property.name) == std::end(kFiled))
            return fail("linux.resources: " + property.name +
                        " cannot be set in the cgroup of a service");
    for (const auto& [file, content] : plan.expected_files)
        if (content.find('*') != std::string::npos)
            return fail("linux.resources: " + file +
                        " cannot be set for that device in the cgroup of a service");
    return {};
}

}  // namespace

Result<UnitPlan> translate_inside(const oci::Config& config, const oci::Resources& resources,
                                  const ContainerId& id, const host::Service& service,
                                  Builder& builder) {
    TRY(check_config(config, service.unit));
    TRY(add_resources(resources, builder));
    DeviceList devices = TRY(list_devices(resources.devices));
    UnitPlan plan = builder.take();
    TRY(check_files(plan));
    for (const Fallback& fallback : plan.fallbacks)
        plan.cgroup_files.emplace_back(fallback.file, fallback.content);
    plan.properties.clear();
    plan.fallbacks.clear();
    plan.name = "unitc-" + id.str();
    plan.slice = service.slice;
    plan.service = service.unit;
    plan.parent = service.cgroup;
    if (!devices.allows_all())
        plan.devices = std::move(devices);
    return plan;
}

}  // namespace unitc::unit
