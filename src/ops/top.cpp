// SPDX-License-Identifier: Apache-2.0
// unitc top. A container's cgroup is opened once and read at each look; only
// what is new has its record read.
#include <cerrno>
#include <map>

#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "cgroup/cgroup.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/top_view.hpp"

namespace unitc::ops {
namespace {

struct Watched {
    Fd group;
    std::optional<cgroup::Usage> last;
    int64_t at_us = 0;
    bool seen = true;
};

class Watch {
public:
    explicit Watch(std::optional<state::Store> store) : store_(std::move(store)) {}

    Result<std::vector<TopRow>> look() {
        std::vector<TopRow> rows;
        if (!store_)
            return rows;
        const auto ids = TRY(store_->ids());
        for (auto& [id, watched] : known_)
            watched.seen = false;
        for (const ContainerId& id : ids)
            if (Watched* watched = find(id))
                add_row(id, *watched, rows);
        std::erase_if(known_, [](const auto& entry) { return !entry.second.seen; });
        return rows;
    }

private:
    // Nothing for one that has no unit, or none any more.
    Watched* find(const ContainerId& id) {
        if (const auto known = known_.find(id.str()); known != known_.end())
            return &known->second;
        const auto record = store_->peek(id);
        if (!record)
            log::debug("container '" + id.str() + "' is not shown: " + record.error().message);
        if (!record || !*record || (*record)->cgroup.empty())
            return nullptr;
        auto group = cgroup::open((*record)->cgroup);
        if (!group)
            return nullptr;
        const std::string mark = cgroup::invocation_id(*group);
        if (!mark.empty() && !(*record)->invocation_id.empty() && mark != (*record)->invocation_id)
            return nullptr;
        return &known_.emplace(id.str(), Watched{*std::move(group), {}, 0, true}).first->second;
    }

    // A group that is gone is forgotten, and looked for anew the next time.
    static void add_row(const ContainerId& id, Watched& watched, std::vector<TopRow>& rows) {
        const auto usage = cgroup::read_usage(watched.group);
        if (!usage)
            return;
        const int64_t now = monotonic_us();
        rows.push_back(top_row(id.str(), *usage, watched.last, now - watched.at_us));
        watched.last = *usage;
        watched.at_us = now;
        watched.seen = true;
    }

    std::optional<state::Store> store_;
    std::map<std::string, Watched> known_;
};

}  // namespace

Result<> top(const Globals& globals, const TopRequest& request, const ShowTop& show) {
    TRY(check_root(globals));
    auto store = state::Store::open(globals.root, state::Store::Make::No);
    // As with list: the default directory appears with the first container.
    const bool none = !store && means_unknown(store.error()) && !globals.root_given;
    if (!store && !none)
        return Failure{store.error()};
    Watch watch{none ? std::optional<state::Store>{} : *std::move(store)};
    TopScreen screen = request.screen;
    if (request.rates_at_once) {
        TRY(watch.look());
        const bool go_on = TRY(show({}, false, screen));
        if (!go_on)
            return {};
    }
    for (uint64_t turn = 1;; ++turn) {
        std::vector<TopRow> rows = TRY(watch.look());
        sort_rows(rows, screen.order);
        const bool last = request.iterations != 0 && turn >= request.iterations;
        const bool go_on = TRY(show(top_table(rows, screen), last, screen));
        if (last || !go_on)
            return {};
    }
}

}  // namespace unitc::ops
