// SPDX-License-Identifier: Apache-2.0
// The containers: what changes is looked at again, and what is different then
// is told.
#include "daemon/service.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "daemon/object_path.hpp"

namespace unitc::daemon {
namespace {

// Only for a container that is being created, or whose creator was killed: all
// else tells of itself.
constexpr int kLookAgainMs = 250;

bool is_creating(const Snapshot& snapshot) {
    return snapshot.status == state::Status::Creating;
}

}  // namespace

Service::Service(const ops::Globals& globals, Loop& loop, Bus bus, Watcher watcher,
                 state::Witness witness)
    : globals_(globals),
      loop_(loop),
      watcher_(std::move(watcher)),
      witness_(std::move(witness)),
      workers_(loop),
      last_call_us_(monotonic_us()),
      bus_(std::move(bus)) {}

Result<std::unique_ptr<Service>> Service::begin(const ops::Globals& globals, Loop& loop) {
    auto watcher = TRY(Watcher::begin(globals.root));
    auto witness = TRY(state::Witness::open());
    Bus bus = TRY(Bus::open());
    std::unique_ptr<Service> service{
        new Service{globals, loop, std::move(bus), std::move(watcher), std::move(witness)}};
    TRY(service->add_manager());
    TRY(loop.watch(service->watcher_.fd(), EPOLLIN, [&self = *service] { self.on_changes(); }));
    service->scan();
    service->announcing_ = true;
    return service;
}

Result<> Service::add_manager() {
    TRY(bus_.add_object_manager(kManagerPath));
    return bus_.add({kManagerPath, &kManager,
                     [this](const Method& method, Call call) {
                         called();
                         manager_call(method, std::move(call));
                     },
                     [this](std::string_view property) -> Value {
                         called();
                         if (property == "Version")
                             return std::string{UNITC_VERSION};
                         return static_cast<uint32_t>(containers_.size());
                     }},
                    false);
}

void Service::called() {
    if (!telling_)
        last_call_us_ = monotonic_us();
}

void Service::on_changes() {
    const auto changes = watcher_.read();
    if (!changes)
        return log::error(changes.error().message);
    if (changes->all)
        scan();
    for (const std::string& id : changes->ids)
        refresh(id);
    if (!changes->units.empty())
        on_units(changes->units);
}

void Service::on_units(const std::set<std::string>& units) {
    for (const auto& [id, tracked] : containers_) {
        if (!units.contains(tracked->snapshot.unit))
            continue;
        watcher_.follow_unit(id, tracked->snapshot.unit);
        limited_.insert(id);
    }
    if (!settling_)
        look_when_settled();
}

// systemd writes a limit down before the kernel has it.
void Service::look_when_settled() {
    if (limited_.empty())
        return;
    settling_ = true;
    bus_.settle_systemd([this, ids = std::exchange(limited_, {})] {
        settling_ = false;
        for (const std::string& id : ids)
            refresh(id);
        look_when_settled();
    });
}

void Service::scan() {
    watcher_.follow_root();
    std::set<std::string> all;
    auto store = state::Store::open(globals_.root, state::Store::Make::No);
    if (!store && store.error().code != ENOENT)
        log::error(store.error().message);
    store_ = store ? std::make_unique<state::Store>(*std::move(store)) : nullptr;
    if (store_)
        if (const auto ids = store_->ids())
            for (const ContainerId& id : *ids)
                all.insert(id.str());
    for (const auto& [id, tracked] : containers_)
        all.insert(id);
    for (const std::string& id : all)
        refresh(id);
}

std::optional<Look> Service::look(const ContainerId& id) {
    if (!store_)
        return std::nullopt;
    auto look = look_at(*store_, witness_, id);
    if (look)
        return *std::move(look);
    log::warning("container '" + id.str() + "' is not shown: " + look.error().message);
    return std::nullopt;
}

void Service::refresh(const std::string& name) {
    const auto id = ContainerId::parse(name);
    if (!id)
        return;
    // Followed before it is looked at, so that no change falls between.
    watcher_.follow(name);
    auto seen = look(*id);
    if (seen && seen->cgroup && watcher_.follow(name, seen->cgroup))
        seen = look(*id);
    auto known = containers_.find(name);
    if (known != containers_.end() && seen && !is_same(known->second->snapshot, seen->snapshot)) {
        remove(name);
        known = containers_.end();
    }
    if (!seen) {
        if (known != containers_.end())
            remove(name);
    } else if (known == containers_.end()) {
        add(*id, *std::move(seen));
    } else {
        change(*known->second, *std::move(seen));
    }
}

void Service::add(const ContainerId& id, Look look) {
    auto tracked = std::make_unique<Tracked>();
    tracked->snapshot = std::move(look.snapshot);
    keep_init(*tracked, std::move(look.init));
    const Tracked* const stays = tracked.get();
    const std::string& name = id.str();
    containers_[name] = std::move(tracked);
    watcher_.follow_unit(name, stays->snapshot.unit);
    telling_ = true;
    const auto added = bus_.add({container_path(id), &kContainer,
                                 [this, name](const Method& method, Call call) {
                                     called();
                                     container_call(name, method, std::move(call));
                                 },
                                 [this, stays](std::string_view property) {
                                     called();
                                     return property_of(stays->snapshot, property);
                                 }},
                                announcing_);
    telling_ = false;
    if (!added)
        log::error(added.error().message);
    tell("ContainerNew", stays->snapshot);
    if (has_exited(nullptr, stays->snapshot))
        tell("Exited", stays->snapshot);
}

void Service::change(Tracked& tracked, Look look) {
    const auto names = changed_properties(tracked.snapshot, look.snapshot);
    const Snapshot before = std::exchange(tracked.snapshot, std::move(look.snapshot));
    const Snapshot& now = tracked.snapshot;
    keep_init(tracked, std::move(look.init));
    telling_ = true;
    if (!names.empty())
        bus_.emit_changed(container_path(*ContainerId::parse(now.id)), names);
    telling_ = false;
    if (now.oom_kills > before.oom_kills && !now.control_group.empty())
        tell("Oom", now, {now.oom_kills - before.oom_kills});
    if (now.status == before.status)
        return;
    tell("StateChanged", now, {std::string{state::to_string(now.status)}});
    if (has_exited(&before, now))
        tell("Exited", now);
}

void Service::remove(const std::string& id) {
    watcher_.forget(id);
    const auto found = containers_.find(id);
    const auto tracked = std::move(found->second);
    keep_init(*tracked, Fd{});
    bus_.remove(container_path(*ContainerId::parse(id)));
    containers_.erase(found);
    if (is_alive(tracked->snapshot.status))
        tell("Exited", tracked->snapshot);
    tell("ContainerRemoved", tracked->snapshot);
}

// Its end is a reason to look.
void Service::keep_init(Tracked& tracked, Fd init) {
    if (tracked.init && init)
        return;  // the same process: another one would be another container
    if (tracked.init)
        loop_.forget(tracked.init.get());
    tracked.init = std::move(init);
    if (!tracked.init)
        return;
    const auto watched = loop_.watch(tracked.init.get(), EPOLLIN, [this, &tracked] {
        loop_.forget(tracked.init.get());
        tracked.init.reset();
        refresh(std::string{tracked.snapshot.id});
    });
    if (!watched)
        log::error(watched.error().message);
}

void Service::tell(const char* signal, const Snapshot& snapshot, Values more) {
    if (!announcing_)
        return;
    Values values{snapshot.id, ObjectPath{container_path(*ContainerId::parse(snapshot.id))}};
    values.insert(values.end(), more.begin(), more.end());
    bus_.emit(kManagerPath, signal, values);
}

int Service::next_look_ms() const {
    const bool any = std::any_of(containers_.begin(), containers_.end(), [](const auto& entry) {
        return is_creating(entry.second->snapshot);
    });
    return any ? kLookAgainMs : -1;
}

void Service::look_again() {
    std::vector<std::string> ids;
    for (const auto& [id, tracked] : containers_)
        if (is_creating(tracked->snapshot))
            ids.push_back(id);
    for (const std::string& id : ids)
        refresh(id);
}

}  // namespace unitc::daemon
