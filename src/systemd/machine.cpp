// SPDX-License-Identifier: Apache-2.0
// Registration with systemd-machined, org.freedesktop.machine1(5).
#include "systemd/impl.hpp"

namespace unitc::systemd {
namespace {

enum class Holder { Ours, Gone, Other };

// machined keeps a machine for as long as its unit is active: one whose unit
// came back before it looked has outlived its leader. Whose unit it is decides
// whether it is ours to replace. It may look between our questions: then the
// machine has gone by the next one, or has no unit any more.
Result<Holder> holder_of(Bus& bus, const std::string& name, const std::string& unit,
                         Deadline deadline) {
    const Reply found = TRY(bus.call_machined("GetMachine", name, deadline));
    if (!found.ok)
        return found.is_error(".NoSuchMachine") ? Holder::Gone : Holder::Other;
    PropertyTexts properties;
    const Reply told = TRY(bus.machine_properties(found.path, &properties, deadline));
    if (!told.ok)
        return Holder::Gone;
    const std::string held = take(properties, "Unit");
    return held == unit ? Holder::Ours : held.empty() ? Holder::Gone : Holder::Other;
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
    if (reply.is_error(".MachineExists")) {
        const Holder holder = TRY(holder_of(impl.bus, impl.machine.name, impl.plan.name, deadline));
        if (holder == Holder::Ours)
            TRY(impl.bus.call_machined("UnregisterMachine", impl.machine.name, deadline));
        if (holder != Holder::Other) {
            TRY(impl.bus.begin_register(impl.machine, impl.machine.leader, deadline));
            reply = TRY(impl.bus.await_started(deadline));
        }
    }
    if (!reply.ok)
        return fail(words_of(reply));
    return {};
}

}  // namespace unitc::systemd
