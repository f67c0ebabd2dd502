// SPDX-License-Identifier: Apache-2.0
// Registration with systemd-machined, org.freedesktop.machine1(5).
#include "systemd/impl.hpp"

namespace unitc::systemd {
namespace {

// machined keeps a machine for as long as its unit is active: one whose unit
// came back before it looked has outlived its leader. Whose unit it is decides
// whether it is ours to replace.
Result<bool> is_of_unit(Bus& bus, const std::string& name, const std::string& unit,
                        Deadline deadline) {
    const Reply found = TRY(bus.call_machined("GetMachine", name, deadline));
    if (!found.ok)
        return found.is_error(".NoSuchMachine");
    PropertyTexts properties;
    const Reply told = TRY(bus.machine_properties(found.path, &properties, deadline));
    return told.ok && take(properties, "Unit") == unit;
}

}  // namespace

void Manager::adopt(const unit::UnitPlan& plan) {
    impl_->plan = plan;
}

Result<> Manager::begin_register(const Machine& machine) {
    impl_->machine = machine;
    return impl_->bus.begin_register(machine, machine.leader, impl_->deadline);
}

Result<> Manager::finish_register(Deadline deadline) {
    Impl& impl = *impl_;
    Reply reply = TRY(impl.bus.await_started(deadline));
    bool replace = reply.is_error(".MachineExists");
    if (replace)
        replace = TRY(is_of_unit(impl.bus, impl.machine.name, impl.plan.name, deadline));
    if (replace) {
        TRY(impl.bus.call_machined("UnregisterMachine", impl.machine.name, deadline));
        TRY(impl.bus.begin_register(impl.machine, impl.machine.leader, deadline));
        reply = TRY(impl.bus.await_started(deadline));
    }
    if (!reply.ok)
        return fail(words_of(reply));
    return {};
}

}  // namespace unitc::systemd
