// SPDX-License-Identifier: Apache-2.0
// unitc pause and resume: by the manager, so that it knows of it, and back
// only when the kernel says so.
#include <cerrno>

#include "base/log.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/inside.hpp"
#include "ops/ending.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"
#include "systemd/manager.hpp"

namespace unitc::ops {
namespace {

struct Target {
    state::Entry entry;  // locked: start, update and delete wait
    state::Status status = state::Status::Stopped;
    Group group;
};

Failure not_running() {
    return Failure{Error{ESRCH, "container not running"}};
}

Result<Target> find_target(const Globals& globals, const std::string& id, bool paused,
                           Deadline deadline) {
    state::Entry entry = TRY(find_entry(globals, id, deadline));
    const state::Record record = TRY(entry.load());
    const state::Truth truth = TRY(state::ask(entry, record));
    const bool is_paused = truth.status == state::Status::Paused;
    if (paused && !is_paused)
        return fail("container not paused");
    if (!paused && (is_paused || truth.status == state::Status::Stopped))
        return not_running();
    auto group = TRY(find_group(record, deadline));
    if (!group)
        return not_running();
    return Target{std::move(entry), truth.status, *std::move(group)};
}

systemd::Meanwhile tell_when(const Target& target, bool frozen) {
    return [&target, frozen] { return cgroup::announce_frozen(target.group.fd, frozen); };
}

// The cgroup is ours, so is its file; a manager knows of units only.
Result<> freeze_inside(const Group& group, bool wanted, Deadline deadline) {
    TRY(cgroup::set_frozen(group.fd, wanted));
    auto done = cgroup::wait_frozen(group.fd, wanted, deadline);
    if (!done && wanted)
        TRY(cgroup::set_frozen(group.fd, false));  // not half of it
    return done;
}

}  // namespace

Result<> pause(const Globals& globals, const std::string& id) {
    const Deadline deadline = deadline_of(globals);
    const Target target = TRY(find_target(globals, id, false, deadline));
    if (target.group.inside) {
        TRY_IN("unable to pause container", freeze_inside(target.group, true, deadline));
        return {};
    }
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    TRY_IN("unable to pause container",
           manager.freeze_unit(target.group.unit, tell_when(target, true)));
    const auto frozen = cgroup::wait_frozen(target.group.fd, true, deadline);
    if (frozen)
        return {};
    // Not half of it.
    if (const auto thawed = manager.thaw_unit(target.group.unit); !thawed)
        log::warning(thawed.error().message);
    return Failure{Error{frozen.error()}.in("unable to pause container")};
}

Result<> resume(const Globals& globals, const std::string& id) {
    const Deadline deadline = deadline_of(globals);
    const Target target = TRY(find_target(globals, id, true, deadline));
    if (target.group.inside) {
        TRY_IN("unable to resume container", freeze_inside(target.group, false, deadline));
        return {};
    }
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    TRY_IN("unable to resume container",
           manager.thaw_unit(target.group.unit, tell_when(target, false)));
    TRY_IN("unable to resume container", cgroup::wait_frozen(target.group.fd, false, deadline));
    return {};
}

}  // namespace unitc::ops
