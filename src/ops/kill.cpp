// SPDX-License-Identifier: Apache-2.0
// unitc kill: a signal for exactly the recorded process, or for nobody.
#include <cerrno>
#include <csignal>

#include "base/signal.hpp"
#include "cgroup/cgroup.hpp"
#include "ops/ending.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"

namespace unitc::ops {
namespace {

Failure not_running() {
    return Failure{Error{ESRCH, "container not running"}};
}

// Without a pid namespace of their own the others do not die with the first.
Result<> kill_everyone(const Result<std::optional<Group>>& group) {
    if (!group)
        return Failure{group.error()};
    if (!*group)
        return not_running();
    const auto populated = cgroup::populated((*group)->fd);
    if (populated && !*populated)
        return not_running();
    const auto killed = cgroup::kill_all((*group)->fd);
    if (!killed && (killed.error().code == ENOENT || killed.error().code == ENODEV))
        return not_running();  // removed meanwhile
    TRY_IN("unable to kill all processes", killed);
    return {};
}

Result<> kill_init(const state::Entry& entry, const state::Record& record, int signal) {
    const state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status == state::Status::Stopped || !truth.init)
        return not_running();
    const auto sent = sys::send_signal(truth.init, signal);
    if (!sent && sent.error().code == ESRCH)
        return not_running();
    TRY_IN("unable to signal init", sent);
    return {};
}

Result<> deliver(const state::Entry& entry, int signal, Deadline deadline) {
    const auto record = entry.load();
    if (!record) {
        // Nobody knows which process was the first, but which unit it is.
        if (signal != SIGKILL)
            return Failure{record.error()};
        return kill_everyone(find_group(entry.id(), deadline));
    }
    if (signal != SIGKILL || record->private_pid_namespace)
        return kill_init(entry, *record, signal);
    const auto killed = kill_everyone(find_group(*record, deadline));
    if (!killed && killed.error().code != ESRCH)
        return killed;
    // The first process may have left the unit, with or without the others
    // (ESRCH: nobody is there).
    auto first = kill_init(entry, *record, signal);
    return !first && first.error().code == ESRCH ? killed : first;
}

}  // namespace

Result<> kill(const Globals& globals, const std::string& id, std::string_view signal, bool all) {
    const Deadline deadline = deadline_of(globals);
    const int number = TRY(parse_signal(signal));
    const state::Entry entry = TRY(find_entry(globals, id, deadline));
    const auto delivered = deliver(entry, number, deadline);
    if (!delivered && delivered.error().code == ESRCH && all)
        return {};
    return delivered;
}

}  // namespace unitc::ops
