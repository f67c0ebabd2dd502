// SPDX-License-Identifier: Apache-2.0
// unitc events: what the container uses, now and then, and when the OOM killer
// came. Holds no lock: it only looks, for as long as the container lives.
#include <algorithm>
#include <cerrno>

#include "cgroup/victims.hpp"
#include "cgroup/watch.hpp"
#include "ops/ending.hpp"
#include "ops/events_view.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"

namespace unitc::ops {
namespace {

struct Watched {
    Group group;
    Fd init;
};

Result<Watched> find_watched(const Globals& globals, const std::string& id, Deadline deadline) {
    const auto [store, record] = TRY(find_record(globals, id));
    state::Truth truth = TRY(state::ask(store, record));
    const auto not_running = [&] { return fail("container with id " + id + " is not running"); };
    if (truth.status == state::Status::Stopped || truth.status == state::Status::Creating)
        return not_running();
    auto group = TRY(find_group(record, deadline));
    if (!group)
        return not_running();
    return Watched{*std::move(group), std::move(truth.init)};
}

bool means_gone(const Error& error) {
    return error.code == ENOENT || error.code == ENODEV;
}

// False: the container has ended.
Result<bool> print_stats(const Fd& group, const std::string& id, PrintLine print) {
    const auto stats = cgroup::read_stats(group);
    if (!stats && means_gone(stats.error()))
        return false;
    if (!stats)
        return Failure{Error{stats.error()}.in("unable to get container cgroup stats")};
    TRY(print(stats_event(id, *stats)));
    return true;
}

Result<> print_kills(uint64_t kills, const std::vector<cgroup::Victim>& victims,
                     const std::string& id, PrintLine print) {
    for (uint64_t i = 0; i < kills; ++i)
        TRY(print(oom_event(id, i < victims.size() ? &victims[i] : nullptr)));
    return {};
}

}  // namespace

Result<> events(const Globals& globals, const EventsRequest& request, PrintLine print) {
    Watched watched = TRY(find_watched(globals, request.id, deadline_of(globals)));
    const Fd& group = watched.group.fd;
    if (request.stats_once) {
        if (!TRY(print_stats(group, request.id, print)))
            return fail("container with id " + request.id + " is not running");
        return {};
    }
    const auto log = cgroup::VictimLog::begin(watched.group.path);
    cgroup::Watch watch = TRY(cgroup::Watch::begin(group, std::move(watched.init)));
    const int64_t interval_us = std::max<int64_t>(request.interval_ns / 1000, 1);
    for (int64_t next = monotonic_us() + interval_us;;) {
        TRY(watch.wait(Deadline::in_ms((next - monotonic_us() + 999) / 1000)));
        TRY(print_kills(watch.new_oom_kills(), log.fresh(), request.id, print));
        if (!watch.lives())
            return {};
        const int64_t now = monotonic_us();
        if (now < next)
            continue;
        if (!TRY(print_stats(group, request.id, print)))
            return {};
        // What a slow reader missed is not made up for.
        next = std::max(next + interval_us, now);
    }
}

}  // namespace unitc::ops
