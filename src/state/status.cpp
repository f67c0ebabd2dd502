// SPDX-License-Identifier: Apache-2.0
#include "state/status.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/socket.hpp"

namespace unitc::state {
namespace {

// What the kernel answers for a process or a file that is no more.
bool means_gone(const Error& error) {
    return error.code == ENOENT || error.code == ESRCH || error.code == ENODEV ||
           error.code == ENOTDIR;
}

// The value, nothing if what was asked about is gone, or the error.
template <typename T>
Result<std::optional<T>> unless_gone(Result<T> result) {
    if (result)
        return std::optional<T>{*std::move(result)};
    if (means_gone(result.error()))
        return std::optional<T>{};
    return Failure{std::move(result).error()};
}

// In the recorded cgroup or below it: an init may sort itself into sub-cgroups.
bool is_within(std::string_view cgroup, std::string_view recorded) {
    return cgroup.starts_with(recorded) &&
           (cgroup.size() == recorded.size() || cgroup[recorded.size()] == '/');
}

// The kernel's word for a group that has been removed.
std::string_view without_deleted(std::string_view cgroup) {
    constexpr std::string_view kDeleted = " (deleted)";
    return cgroup.ends_with(kDeleted) ? cgroup.substr(0, cgroup.size() - kDeleted.size()) : cgroup;
}

// Whether the process, which is still there, is in the recorded group although
// nobody lives in that: it is on its way out, and systemd has been told that
// the unit is empty. That can take long (the first of a pid namespace waits for
// the others to be reaped). Asked after the group, which it may have left.
Result<bool> is_ending(const sys::Procfs& proc, const Record& record) {
    const auto cgroup = TRY(unless_gone(sys::cgroup_of(proc, std::to_string(record.init.pid))));
    return !cgroup || is_within(without_deleted(*cgroup), record.cgroup);
}

// Whether nothing but the recorded process can be behind the pidfd: its inode
// is never used again in a boot. A pid and a start time are, if rarely.
bool is_proved(const Fd& init, const Record& record) {
    return record.init.pidfd_inode != 0 && sys::pidfd_inode(init) == record.init.pidfd_inode;
}

// A pidfd of the recorded init, if it lives. It is taken for another's where
// it is not in the unit, unless it is proved not to be: a container that may
// write the host's cgroup tree can leave its unit.
Result<std::optional<Fd>> living_init(const sys::Procfs& proc, const Record& record) {
    auto init = TRY(unless_gone(sys::find(record.init)));
    if (!init)
        return std::nullopt;
    const auto cgroup = TRY(unless_gone(sys::cgroup_of(proc, std::to_string(record.init.pid))));
    // Still alive: what was read by pid was the cgroup of this process.
    const bool ended = TRY(sys::wait_ended(*init, 0));
    if (ended || !cgroup || !(is_within(*cgroup, record.cgroup) || is_proved(*init, record)))
        return std::nullopt;
    return init;
}

Result<cgroup::Events> events_of(const Record& record) {
    const Fd cgroup = TRY(cgroup::open(record.cgroup));
    return cgroup::events(cgroup);
}

// The init listens until it is told to start; what connects and leaves again
// tells it nothing.
Result<bool> waits_for_start(const Fd& dir) {
    const auto connected = sys::connect_unix_at(dir, kStartSocket, SOCK_SEQPACKET | SOCK_NONBLOCK);
    // EAGAIN: it listens, and many ask.
    if (connected || connected.error().code == EAGAIN)
        return true;
    if (connected.error().code == ECONNREFUSED || means_gone(connected.error()))
        return false;
    return Failure{connected.error()};
}

// A claimer holds the lock as long as it lives.
Result<bool> is_locked(const Fd& dir) {
    // Its own open file: the lock would stay with a descriptor of the caller's.
    const Fd probe = TRY(sys::open_at(dir, ".", O_RDONLY | O_DIRECTORY));
    const auto locked = sys::lock(probe, sys::Lock::Shared, sys::Wait::No);
    if (!locked && locked.error().code != EWOULDBLOCK)
        return Failure{locked.error()};
    return !locked;
}

}  // namespace

const char* to_string(Status status) {
    switch (status) {
        case Status::Creating: return "creating";
        case Status::Created: return "created";
        case Status::Running: return "running";
        case Status::Paused: return "paused";
        case Status::Stopped: return "stopped";
    }
    return "stopped";
}

Result<Witness> Witness::open() {
    sys::Procfs proc = TRY(sys::Procfs::host());
    return Witness{std::move(proc), TRY(sys::boot_id())};
}

// Everything but the Intent of a claimer that may be alive.
Result<Truth> Witness::ask_kernel(const Fd& dir, const Record& record) const {
    if (record.phase == Phase::Intent || record.init.pid == 0 || record.cgroup.empty())
        return Truth{};
    if (!record.boot_id.empty() && record.boot_id != boot_id_)
        return Truth{};
    auto init = TRY(living_init(proc_, record));
    if (!init)
        return Truth{};
    const auto events = TRY(unless_gone(events_of(record)));
    if (!(events && events->populated) && TRY(is_ending(proc_, record)))
        return Truth{Status::Stopped, *std::move(init)};
    if (events && events->frozen)
        return Truth{Status::Paused, *std::move(init)};
    const bool waits = TRY(waits_for_start(dir));
    return Truth{waits ? Status::Created : Status::Running, *std::move(init)};
}

Result<Truth> Witness::ask(const Store& store, const Record& record) const {
    const ContainerId id = TRY(ContainerId::parse(record.id));
    const auto dir = TRY(unless_gone(store.open_dir(id)));
    if (!dir)
        return Truth{};
    if (record.phase == Phase::Intent) {
        const auto locked = TRY(unless_gone(is_locked(*dir)));
        return Truth{locked.value_or(false) ? Status::Creating : Status::Stopped, Fd{}};
    }
    return ask_kernel(*dir, record);
}

Result<Truth> Witness::ask(const Entry& entry, const Record& record) const {
    return ask_kernel(entry.dir(), record);
}

Result<Truth> ask(const Store& store, const Record& record) {
    const Witness witness = TRY(Witness::open());
    return witness.ask(store, record);
}

Result<Truth> ask(const Entry& entry, const Record& record) {
    const Witness witness = TRY(Witness::open());
    return witness.ask(entry, record);
}

}  // namespace unitc::state
