// SPDX-License-Identifier: Apache-2.0
// What makes a service of the scope: PID 1 executes unitc in the unit, which
// makes the container there and leaves its first process to PID 1.
#include "base/text.hpp"
#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

std::string text_of(const Builder& builder, std::string_view name) {
    const Property* known = builder.find(name);
    const auto* text = known != nullptr ? std::get_if<std::string>(&known->value) : nullptr;
    return text != nullptr ? *text : std::string{};
}

// Its root is not the host's, by maps or in a namespace of somebody's.
bool has_user_namespace(const oci::Config& config) {
    if (config.linux_)
        for (const oci::Namespace& wanted : config.linux_->namespaces)
            if (wanted.type == oci::NamespaceType::User)
                return true;
    return false;
}

Result<> check_notify(const oci::Config& config, const Builder& builder) {
    // systemd believes root: MAINPID= of one in a container may name any
    // process of the host, which the unit's stop would kill.
    if (!has_user_namespace(config) && builder.find("NotifyAccess") == nullptr)
        return fail(
            "annotations.org.systemd.property.Type: the container's root is the host's, and could "
            "name any process of the host to systemd: it needs a user namespace, or, where it is "
            "trusted, an annotation org.systemd.property.NotifyAccess");
    return {};
}

// unitc begins in the container's unit, and its limits are that one's from the
// start.
Result<> check_room(const Builder& builder) {
    constexpr uint64_t kLeastTasks = 4;
    const Property* known = builder.find("TasksMax");
    const auto* tasks = known != nullptr ? std::get_if<uint64_t>(&known->value) : nullptr;
    if (tasks != nullptr && *tasks < kLeastTasks)
        return fail("linux.resources.pids.limit: is " + std::to_string(*tasks) +
                    ", must be at least " + std::to_string(kLeastTasks) +
                    " in a service (--unit=service), in which unitc itself begins");
    return {};
}

}  // namespace

Result<> begin_service(UnitName& name, Builder& builder) {
    name.scope = service_name(name);
    // What came of it is asked for by `systemctl status`.
    builder.unset("CollectMode");
    TRY_IN("linux.cgroupsPath", check_unit_name(name.scope));
    return {};
}

Result<> finish_service(const oci::Config& config, Builder& builder) {
    TRY(check_room(builder));
    if (text_of(builder, "Type").empty()) {
        for (const std::string_view name :
             {"WatchdogUSec", "FileDescriptorStoreMax", "NotifyAccess"})
            if (builder.find(name) != nullptr)
                return fail("annotations.org.systemd.property." + std::string{name} +
                            ": only beside org.systemd.property.Type 'notify'");
        // Started is what unitc has left, whether the container is still there
        // by then or not. With "notify" a short one would have failed.
        builder.set("Type", std::string{"forking"});
        builder.set("NotifyAccess", std::string{"exec"});  // unitc's own word on the main process
    } else {
        TRY(check_notify(config, builder));
        if (builder.find("NotifyAccess") == nullptr)
            builder.set("NotifyAccess", std::string{"all"});
    }
    // The image's stop signal is for its first process alone, as every engine
    // sends it: systemd as the program would have all its services shot.
    if (builder.find("KillMode") == nullptr)
        builder.set("KillMode", std::string{"mixed"});
    // Not by DefaultDependencies=, which waits for the bus as well.
    builder.add_to_list("Conflicts", "shutdown.target");
    builder.add_to_list("Before", "shutdown.target");
    return {};
}

}  // namespace unitc::unit
