// SPDX-License-Identifier: Apache-2.0
#include "ops/ending.hpp"

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/inside.hpp"
#include "resctrl/group.hpp"
#include "sys/procfs.hpp"
#include "systemd/manager.hpp"
#include "unit/name.hpp"

namespace unitc::ops {
namespace {

// systemd ends an empty scope within milliseconds; a busy one, or one that
// could not be told, may be asked without harm.
constexpr int kGoesByItselfMs = 100;

using MaybeGroup = Result<std::optional<Group>>;

MaybeGroup open_group(const std::string& path, const std::string& unit) {
    auto fd = cgroup::open(path);
    if (fd)
        return Group{*std::move(fd), path, unit, false};
    if (fd.error().code == ENOENT || fd.error().code == ENODEV)
        return std::nullopt;
    return Failure{std::move(fd).error()};
}

// What the last boot made went with it; its names may be others' by now.
Result<bool> is_of_this_boot(const state::Record& record) {
    const std::string now = TRY(sys::boot_id());
    return record.boot_id.empty() || now == record.boot_id;
}

std::string description_of(const std::string& id) {
    return "unitc container " + id;
}

// The cgroup of a unit that says it is the container's. `path`, if known, must
// be the unit's.
MaybeGroup ask_manager(const std::string& unit, const std::string& id, const std::string& path,
                       const std::string& invocation_id, Deadline deadline) {
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    const systemd::UnitState state = TRY(manager.unit_state(unit));
    if (!state.loaded)
        return std::nullopt;
    const bool ours =
        state.description == description_of(id) &&
        (path.empty() || state.control_group.empty() || state.control_group == path) &&
        (invocation_id.empty() || state.invocation_id == invocation_id);
    if (!ours) {
        log::warning("unit '" + unit + "' is not of container '" + id + "': left alone");
        return std::nullopt;
    }
    if (!state.control_group.empty())
        return open_group(state.control_group, unit);
    // Dead, but remembered; or its start is still queued: without the stop it
    // would become active, empty, and stay so.
    if (state.active_state != "failed")
        TRY(manager.stop_unit(unit));
    TRY(manager.reset_failed(unit));
    return std::nullopt;
}

bool is_service(const state::Record& record) {
    return !record.home.empty();
}

// Nothing: it is gone, or it is another's.
Result<std::optional<systemd::UnitState>> ask_for_service(systemd::Manager& manager,
                                                          const state::Record& record) {
    systemd::UnitState state = TRY(manager.unit_state(record.unit));
    if (!state.loaded)
        return std::nullopt;
    if (state.working_directory == record.home)
        return state;
    log::warning("unit '" + record.unit + "' is not of container '" + record.id + "': left alone");
    return std::nullopt;
}

// systemd may have started it again since the record was written.
MaybeGroup find_service(const state::Record& record, Deadline deadline) {
    if (!record.cgroup.empty() && !record.invocation_id.empty()) {
        auto group = TRY(open_group(record.cgroup, record.unit));
        if (group && cgroup::invocation_id(group->fd) == record.invocation_id)
            return group;
    }
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    const auto state = TRY(ask_for_service(manager, record));
    if (!state || state->control_group.empty())
        return std::nullopt;
    return open_group(state->control_group, record.unit);
}

// Its mark is our own, written down before the group was made.
MaybeGroup find_inside(const state::Record& record) {
    auto group = TRY(open_group(record.cgroup, record.unit));
    if (!group)
        return std::nullopt;
    if (cgroup::invocation_id(group->fd) != record.invocation_id) {
        log::warning("cgroup '" + record.cgroup + "' is a later one of that name: left alone");
        return std::nullopt;
    }
    group->inside = true;
    return group;
}

std::string pids_in(const Fd& cgroup) {
    const auto pids = cgroup::processes(cgroup);
    if (!pids || pids->empty())
        return {};
    std::string text = ": still there:";
    for (size_t i = 0; i < std::min<size_t>(pids->size(), 8); ++i)
        text.append(" ").append(std::to_string((*pids)[i]));
    return text;
}

}  // namespace

MaybeGroup find_group(const state::Record& record, Deadline deadline) {
    const bool current = TRY(is_of_this_boot(record));
    if (!current)
        return std::nullopt;
    if (!record.service.empty())
        return find_inside(record);
    if (is_service(record))
        return find_service(record, deadline);
    if (record.cgroup.empty())  // only the intent was written
        return ask_manager(record.unit, record.id, {}, record.invocation_id, deadline);
    if (!record.cgroup.ends_with("/" + record.unit))
        return fail("the record's cgroup '" + record.cgroup + "' is not of its unit '" +
                    record.unit + "'");
    auto group = TRY(open_group(record.cgroup, record.unit));
    if (!group)
        return std::nullopt;
    const std::string mark = cgroup::invocation_id(group->fd);
    if (mark.empty() || record.invocation_id.empty())
        return ask_manager(record.unit, record.id, record.cgroup, record.invocation_id, deadline);
    if (mark == record.invocation_id)
        return group;
    log::warning("unit '" + record.unit + "' is a later one of that name: left alone");
    return std::nullopt;
}

MaybeGroup find_group(const ContainerId& id, Deadline deadline) {
    const unit::UnitName name = TRY(unit::name_unit({}, id));
    auto scope = TRY(ask_manager(name.scope, id.str(), {}, {}, deadline));
    if (scope)
        return scope;
    return ask_manager(unit::service_name(name), id.str(), {}, {}, deadline);
}

Result<> end_service(const state::Record& record, Deadline deadline) {
    const bool current = TRY(is_of_this_boot(record));
    if (!is_service(record) || !current)
        return {};
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    const auto state = TRY(ask_for_service(manager, record));
    if (!state)
        return {};
    if (!state->control_group.empty())
        if (const auto group = cgroup::open(state->control_group))
            if (const auto killed = cgroup::kill_all(*group); !killed)
                log::debug(killed.error().message);
    // Also one that is dead and about to be started again.
    TRY_IN("stop unit '" + record.unit + "'", manager.stop_unit(record.unit));
    TRY_IN("reset unit '" + record.unit + "'", manager.reset_failed(record.unit));
    return {};
}

Result<> forget_unit(const state::Record& record, Deadline deadline) {
    if (!record.service.empty())
        return {};
    // Asking for its cgroup resets what is dead, if it is this container's.
    TRY(ask_manager(record.unit, record.id, {}, record.invocation_id, deadline));
    return {};
}

Result<> remove_rdt_group(const state::Record& record) {
    const bool current = TRY(is_of_this_boot(record));
    if (record.rdt_made.empty() || !current)
        return {};
    const auto root = resctrl::open();
    // What was mounted is gone, with all its groups.
    if (!root && root.error().code == ENOENT)
        return {};
    if (!root)
        return Failure{root.error()};
    return resctrl::remove(*root, record.rdt_made);
}

Result<> end_group(const Group& group, Deadline deadline) {
    if (const auto killed = cgroup::kill_all(group.fd); !killed) {
        if (killed.error().code == ENOENT || killed.error().code == ENODEV)
            return {};  // removed meanwhile
        return Failure{killed.error()};
    }
    if (group.inside) {
        if (const auto empty = cgroup::wait_empty(group.fd, deadline); !empty)
            return fail_code(empty.error().code, "cgroup '" + group.path + "': " +
                                                     empty.error().message + pids_in(group.fd));
        return cgroup::remove_tree(group.path, deadline);
    }
    // A service comes back, unless it is told to stop.
    const bool service = group.unit.ends_with(".service");
    const Deadline soon = Deadline::in_ms(std::min(kGoesByItselfMs, deadline.left_ms()));
    if (!service && cgroup::wait_gone(group.path, soon))
        return {};
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    TRY_IN("stop unit '" + group.unit + "'", manager.stop_unit(group.unit));
    TRY_IN("reset unit '" + group.unit + "'", manager.reset_failed(group.unit));
    if (const auto removed = cgroup::remove_tree(group.path, deadline); !removed)
        log::debug(removed.error().message);
    if (const auto gone = cgroup::wait_gone(group.path, deadline); !gone)
        return fail("unit '" + group.unit + "' does not end" + pids_in(group.fd));
    return {};
}

Result<> end_container(const state::Record& record, Deadline deadline) {
    if (is_service(record))
        return end_service(record, deadline);
    const auto group = TRY(find_group(record, deadline));
    return group ? end_group(*group, deadline) : Result<>{};
}

Result<> remove_leftover(const state::Record& record, Deadline deadline) {
    const bool current = TRY(is_of_this_boot(record));
    if (!current || !record.service.empty() || record.cgroup.empty() ||
        !cgroup::open(record.cgroup))
        return {};
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    const systemd::UnitState unit = TRY(manager.unit_state(record.unit));
    // Another's, of the same name: find_group() has said so.
    if (unit.loaded)
        return {};
    return cgroup::remove_tree(record.cgroup, deadline);
}

}  // namespace unitc::ops
