// SPDX-License-Identifier: Apache-2.0
// unitc delete: can be killed at any point and be done again.
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/log.hpp"
#include "host/caller.hpp"
#include "ops/ending.hpp"
#include "ops/hooks.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/removal.hpp"
#include "state/status.hpp"

namespace unitc::ops {
namespace {

// Without force only what runs no program of the user's may be ended.
Result<> check_status(const state::Entry& entry, const state::Record& record) {
    const state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status == state::Status::Running || truth.status == state::Status::Paused)
        return fail("cannot delete container " + record.id +
                    " that is not stopped: " + state::to_string(truth.status));
    return {};
}

// A service that cleans up before or after its own container must not end
// somebody's who has taken the id.
Result<> check_part_of_caller(const state::Record& record) {
    const auto own = TRY(host::own_service());
    if (!own)
        return fail("--part-of 'caller': unitc does not run in a service of the system's manager");
    if (record.part_of != own->unit)
        return fail("container " + record.id + " is not part of '" + own->unit + "'" +
                    (record.part_of.empty() ? "" : ", but of '" + record.part_of + "'"));
    return {};
}

Result<> remove_damaged(state::Entry& entry, const Error& damage, bool force, Deadline deadline) {
    if (!force)
        return fail("container '" + entry.id().str() +
                    "' can only be deleted with --force: " + damage.message);
    const auto group = find_group(entry.id(), deadline);
    auto ended = !group   ? Result<>{Failure{group.error()}}
                 : *group ? end_group(**group, deadline)
                          : Result<>{};
    // ENOENT: there never was a record, so most likely there never was a unit
    // (the intent comes first); it must not take a bus to find that out.
    if (!ended && damage.code != ENOENT)
        return ended;
    if (!ended)
        log::warning(ended.error().message);
    return entry.remove();
}

// A unit that its annotation keeps after a failure stays until it is told to
// go; all others systemd has forgotten by itself by now.
Result<> forget_failed(const state::Record& record, Deadline deadline) {
    const auto& notes = record.annotations;
    const bool kept = std::any_of(notes.begin(), notes.end(), [](const auto& note) {
        return note.first == "org.systemd.property.CollectMode";
    });
    return kept && record.home.empty() ? forget_unit(record, deadline) : Result<>{};
}

// What the end of the unit does not reach: a first process that has left it.
Result<> end_init(const state::Entry& entry, const state::Record& record, Deadline deadline) {
    const state::Truth truth = TRY(state::ask(entry, record));
    if (!truth.init)
        return {};
    const auto killed = sys::send_signal(truth.init, SIGKILL);
    if (!killed && killed.error().code != ESRCH)
        return Failure{killed.error()};
    const bool ended = TRY(sys::wait_ended(truth.init, deadline.left_ms()));
    if (!ended)
        return fail("process " + std::to_string(record.init.pid) + " of container '" + record.id +
                    "' does not end");
    return {};
}

Result<> remove_loaded(state::Entry& entry, state::Record record, Deadline deadline) {
    // Nobody must start it from here on. A full file system must not keep a
    // container from being deleted: the lock holds as long as we live.
    record.phase = state::Phase::Deleting;
    if (const auto saved = entry.save(record); !saved)
        log::debug(saved.error().message);
    TRY(end_container(record, deadline));
    TRY(end_init(entry, record, deadline));
    TRY(remove_leftover(record, deadline));
    TRY(forget_failed(record, deadline));
    TRY(remove_rdt_group(record));
    // Before the record goes: a deletion that is interrupted runs them again.
    run_poststop_hooks(record);
    return entry.remove();
}

Result<> remove_entry(state::Entry& entry, bool force, bool of_caller, Deadline deadline) {
    auto record = entry.load();
    if (!record)
        return remove_damaged(entry, record.error(), force, deadline);
    if (of_caller)
        TRY(check_part_of_caller(*record));
    if (!force)
        TRY(check_status(entry, *record));
    return remove_loaded(entry, *std::move(record), deadline);
}

// A pid alone may have come back; together with its start it has not.
bool is_same_container(const state::Record& a, const state::Record& b) {
    return a.boot_id == b.boot_id && a.created == b.created && a.init.pid == b.init.pid &&
           a.init.start_time == b.init.start_time;
}

}  // namespace

Result<> remove(const Globals& globals, const std::string& id, bool force, bool of_caller) {
    const Deadline deadline = deadline_of(globals);
    auto entry = find_entry(globals, id, deadline);
    if (!entry)
        return force && means_unknown(entry.error()) ? Result<>{}
                                                     : Failure{std::move(entry).error()};
    return remove_entry(*entry, force, of_caller, deadline);
}

Result<> remove_recorded(const Globals& globals, const state::Record& expected) {
    const Deadline deadline = deadline_of(globals);
    auto entry = find_entry(globals, expected.id, deadline);
    if (!entry)
        return means_unknown(entry.error()) ? Result<>{} : Failure{std::move(entry).error()};
    state::Record record = TRY(entry->load());
    if (!is_same_container(record, expected))
        return {};
    return remove_loaded(*entry, std::move(record), deadline);
}

Result<> remove_service(const Globals& globals, const state::Record& begun, bool asked) {
    // The verb's may be what has run out.
    constexpr int kUndoMs = 5000;
    const Deadline deadline = Deadline::in_ms(kUndoMs);
    // Also to have the lock back from whoever is making the container there.
    if (asked)
        TRY(end_service(begun, deadline));
    auto entry = find_entry(globals, begun.id, deadline);
    if (!entry)
        return means_unknown(entry.error()) ? Result<>{} : Failure{std::move(entry).error()};
    auto record = entry->load();
    if (record && (record->created != begun.created || record->boot_id != begun.boot_id))
        return {};
    if (!record || !asked)
        return entry->remove();
    return remove_loaded(*entry, *std::move(record), deadline);
}

}  // namespace unitc::ops
