// SPDX-License-Identifier: Apache-2.0
#include "unit/translate.hpp"

#include "unit/builder.hpp"
#include "unit/name.hpp"

namespace unitc::unit {

Result<> add_resources(const oci::Resources& resources, Builder& builder) {
    if (resources.memory)
        TRY(add_memory(*resources.memory, builder));
    if (resources.cpu) {
        TRY(add_cpu(*resources.cpu, builder));
        TRY(add_cpuset(*resources.cpu, builder));
    }
    if (resources.pids_limit)
        TRY(add_pids(*resources.pids_limit, builder));
    if (resources.block_io)
        TRY(add_io(*resources.block_io, builder));
    TRY(add_unmapped(resources, builder));
    return add_unified(resources.unified, builder);
}

std::string group_path(const UnitPlan& plan) {
    return (plan.service.empty() ? slice_path(plan.slice) : plan.parent) + "/" + plan.name;
}

Result<UnitPlan> translate(const oci::Config& config, const ContainerId& id,
                           const host::Facts& facts) {
    const oci::Resources none;
    const oci::Linux* linux_part = config.linux_ ? &*config.linux_ : nullptr;
    const oci::Resources& resources =
        linux_part != nullptr && linux_part->resources ? *linux_part->resources : none;

    if (facts.caller && facts.inside_caller) {
        Builder inside{facts};
        return translate_inside(config, resources, id, *facts.caller, inside);
    }
    const std::string path = linux_part != nullptr ? linux_part->cgroups_path : std::string{};
    UnitName name = TRY(name_unit(path, id, facts.user_manager ? kUserSlice : kSystemSlice));
    // What Slice= of the service says is meant for its container as well.
    if (path.empty() && facts.caller)
        name.slice = facts.caller->slice;
    Builder builder{facts};
    add_lifecycle(id, name, builder);
    if (facts.as_service)
        TRY(begin_service(name, builder));
    TRY(add_resources(resources, builder));
    // With no rules at all, too: devices are denied unless allowed. A user's
    // manager has no right to the filter and would only say so in its log; there
    // the rights to the nodes themselves are what counts, as with runc.
    if (!facts.user_manager)
        TRY(add_devices(resources.devices, builder));
    TRY(add_annotations(config.annotations, builder));
    add_stop_signal(config.annotations, builder);
    if (facts.caller)
        TRY(add_caller(*facts.caller, builder));
    if (facts.as_service)
        TRY(finish_service(config, builder));

    UnitPlan plan = builder.take();
    plan.name = name.scope;
    plan.slice = name.slice;
    return plan;
}

Result<UnitPlan> translate_update(const oci::Resources& resources, const CurrentLimits& current,
                                  const host::Facts& facts) {
    Builder builder{facts, current};
    TRY(add_resources(resources, builder));
    return builder.take();
}

}  // namespace unitc::unit
