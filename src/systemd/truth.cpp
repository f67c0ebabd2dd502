// SPDX-License-Identifier: Apache-2.0
// What is the case, read after any doubt: the unit's properties from the
// manager, the process's cgroup from the kernel.
#include <algorithm>
#include <cstddef>

#include "base/text.hpp"
#include "sys/procfs.hpp"
#include "systemd/impl.hpp"
#include "unit/name.hpp"

namespace unitc::systemd {

std::string take(PropertyTexts& properties, std::string_view name) {
    for (auto& [known, value] : properties)
        if (known == name)
            return std::move(value);
    return {};
}

bool is_group_of(std::string_view group, std::string_view path) {
    auto have = text::split(group, '/');
    const auto want = text::split(path.substr(1), '/');
    if (have.size() < want.size())
        return false;
    // What is above is the manager's own group.
    have.erase(have.begin(), have.end() - static_cast<std::ptrdiff_t>(want.size()));
    return std::equal(have.begin(), have.end(), want.begin(),
                      [](std::string_view is, std::string_view name) {
                          return is == name || (is.starts_with('_') && is.substr(1) == name);
                      });
}

Result<UnitState> Manager::Impl::state(const std::string& name) {
    auto known = TRY(properties(name));
    UnitState state;
    if (!known)
        return state;
    // Asking for a unit's object makes the manager load it: a name that
    // nothing stands behind is "not-found" and dead.
    const std::string load_state = take(*known, "LoadState");
    state.active_state = take(*known, "ActiveState");
    state.loaded = load_state != "not-found" || state.active_state != "inactive";
    state.sub_state = take(*known, "SubState");
    state.control_group = take(*known, "ControlGroup");
    state.invocation_id = take(*known, "InvocationID");
    state.description = take(*known, "Description");
    state.result = take(*known, "Result");
    state.working_directory = take(*known, "WorkingDirectory");
    state.main_code = text::parse_int<int>(take(*known, "ExecMainCode")).value_or(0);
    state.main_status = text::parse_int<int>(take(*known, "ExecMainStatus")).value_or(0);
    return state;
}

Result<std::optional<PropertyTexts>> Manager::Impl::properties(const std::string& name) {
    // Before it becomes an object path: see CVE-2026-29111.
    TRY(unit::check_unit_name(name));
    const Deadline until = budget();
    for (;;) {
        PropertyTexts texts;
        const Result<Reply> reply = bus.unit_properties(name, &texts, until);
        if (reply && reply->ok)
            return texts;
        if (reply && reply->is_error(".NoSuchUnit"))
            return std::nullopt;
        if (reply && !reply->in_doubt())
            return fail("state of unit '" + name + "': " + words_of(*reply));
        if (until.passed())
            return reply ? fail("state of unit '" + name + "': " + words_of(*reply))
                         : Failure{Error{reply.error()}.in("state of unit '" + name + "'")};
        TRY_IN("state of unit '" + name + "'", reconnect());
    }
}

Result<bool> Manager::Impl::holds_process() const {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const Result<std::string> group = sys::cgroup_of(proc, pid);
    // Gone: reaped already, so in no group.
    if (!group)
        return false;
    return is_group_of(*group, unit::slice_path(plan.slice) + "/" + plan.name);
}

}  // namespace unitc::systemd
