// SPDX-License-Identifier: Apache-2.0
// Changing a unit that runs: freezing, thawing, new limits.
#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "systemd/impl.hpp"
#include "unit/name.hpp"

namespace unitc::systemd {
namespace {

// 0 and "no limit" are values, too: a property that is missing is an error.
Result<> read_number(PropertyTexts& properties, std::string_view name, uint64_t& out) {
    const auto value = text::parse_int<uint64_t>(take(properties, name));
    if (!value)
        return fail("the manager does not tell its " + std::string{name});
    out = *value;
    return {};
}

}  // namespace

Result<> Manager::freeze_unit(const std::string& name, const Meanwhile& meanwhile) {
    const std::string context = "freeze unit '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    const Result<Reply> reply = impl_->call("FreezeUnit", {name}, meanwhile);
    if (reply && reply->ok)
        return {};
    // No answer in time: some of it may be frozen already.
    if (!reply || reply->in_doubt())
        if (const auto thawed = thaw_unit(name); !thawed)
            log::warning(thawed.error().message);
    return reply ? fail(context + ": " + words_of(*reply))
                 : Failure{Error{reply.error()}.in(context)};
}

Result<> Manager::thaw_unit(const std::string& name, const Meanwhile& meanwhile) {
    const std::string context = "thaw unit '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    const Reply reply = TRY_IN(context, impl_->call("ThawUnit", {name}, meanwhile));
    if (!reply.ok)
        return fail(context + ": " + words_of(reply));
    return {};
}

Result<unit::CurrentLimits> Manager::current_limits(const std::string& name) {
    const std::string context = "limits of unit '" + name + "'";
    auto known = TRY_IN(context, impl_->properties(name));
    if (!known)
        return fail(context + ": there is no such unit");
    unit::CurrentLimits limits;
    TRY_IN(context, read_number(*known, "MemoryMax", limits.memory_max));
    TRY_IN(context, read_number(*known, "CPUQuotaPerSecUSec", limits.cpu_quota_per_second));
    TRY_IN(context, read_number(*known, "CPUQuotaPeriodUSec", limits.cpu_period));
    TRY_IN(context, read_number(*known, "CPUWeight", limits.cpu_weight));
    return limits;
}

Result<std::vector<std::string>> Manager::set_properties(const std::string& name,
                                                         const unit::UnitPlan& changes) {
    const std::string context = "change unit '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    impl_->plan = changes;
    // Each becomes a drop-in, and the manager takes a list of them in another
    // order than a directory's for a unit that "changed on disk".
    std::sort(impl_->plan.properties.begin(), impl_->plan.properties.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    impl_->left_to_file.clear();
    impl_->by_pid = true;  // no process goes along
    for (;;) {
        const unit::Properties properties = impl_->kept_properties();
        if (properties.empty())
            return impl_->left_to_file;
        const Deadline until = impl_->budget();
        const Result<Reply> reply = impl_->bus.set_properties(name, properties, until);
        if (reply && reply->ok)
            return impl_->left_to_file;
        const bool in_doubt = !reply || reply->in_doubt();
        if (in_doubt && until.passed())
            return reply ? fail(context + ": " + words_of(*reply))
                         : Failure{Error{reply.error()}.in(context)};
        // The same properties a second time change nothing more.
        if (in_doubt)
            TRY_IN(context, impl_->reconnect());
        else if (!is_unknown_property(*reply) || !impl_->drop_unknown(*reply))
            return fail(context + ": " + words_of(*reply));
    }
}

}  // namespace unitc::systemd
