// SPDX-License-Identifier: Apache-2.0
#include "daemon/watcher.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/log.hpp"
#include "sys/file.hpp"

namespace unitc::daemon {
namespace {

std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

// The unit that has got drop-ins, "web.scope.d", or is forgotten with its cgroup.
std::string unit_told_of(std::string_view name, unsigned mask) {
    const bool drop_ins = name.ends_with(".d");
    if ((mask & IN_DELETE) != 0)
        return drop_ins ? "" : std::string{name};
    return drop_ins ? std::string{name.substr(0, name.size() - 2)} : "";
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// Of the files of a cgroup that are written to, those that hold a limit.
bool is_limit(std::string_view name) {
    constexpr std::array<std::string_view, 7> kLimits{"cpu.max",    "cpu.weight", "memory.high",
                                                      "memory.low", "memory.max", "memory.swap.max",
                                                      "pids.max"};
    return std::find(kLimits.begin(), kLimits.end(), name) != kLimits.end();
}

}  // namespace

Result<Watcher> Watcher::begin(std::string root, std::string units) {
    Fd inotify{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (!inotify)
        return fail_sys("inotify_init1");
    Watcher watcher{std::move(root), std::move(units), std::move(inotify)};
    const std::string above = parent_of(watcher.root_);
    watcher.above_ = ::inotify_add_watch(watcher.inotify_.get(), above.c_str(),
                                         IN_ONLYDIR | IN_CREATE | IN_MOVED_TO);
    if (watcher.above_ < 0)
        return fail_sys("inotify_add_watch", above);
    // Without it limits that others set, and a group's end, are seen late.
    watcher.transient_ = ::inotify_add_watch(watcher.inotify_.get(), watcher.units_.c_str(),
                                             IN_ONLYDIR | IN_CREATE | IN_MOVED_TO | IN_DELETE);
    return watcher;
}

void Watcher::follow_root() {
    here_ = ::inotify_add_watch(
        inotify_.get(), root_.c_str(),
        IN_ONLYDIR | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF);
}

bool Watcher::add(const std::string& path, unsigned mask, const std::string& id) {
    const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), mask);
    if (watch < 0) {
        // What has gone is told of by what is above it.
        if (errno != ENOENT && errno != ENODEV)
            log::warning(fail_sys("inotify_add_watch", path).value().message);
        return false;
    }
    ids_[watch] = id;
    return of_[id].insert(watch).second;
}

bool Watcher::follow(const std::string& id) {
    // The record is replaced by a rename; the start socket is removed.
    return add(root_ + "/" + id, IN_ONLYDIR | IN_DONT_FOLLOW | IN_MOVED_TO | IN_DELETE, id);
}

bool Watcher::follow(const std::string& id, const Fd& cgroup) {
    const std::string directory = "/proc/self/fd/" + std::to_string(cgroup.get());
    const bool events = add(directory + "/cgroup.events", IN_MODIFY, id);
    const bool memory = add(directory + "/memory.events", IN_MODIFY, id);
    const int limits =
        ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_ONLYDIR | IN_MODIFY);
    if (limits >= 0) {
        limits_of_[limits] = id;
        of_[id].insert(limits);
    }
    return events || memory;
}

void Watcher::follow_unit(const std::string& id, const std::string& unit) {
    const std::string directory = units_ + "/" + unit + ".d";
    const int watch = ::inotify_add_watch(inotify_.get(), directory.c_str(),
                                          IN_ONLYDIR | IN_DONT_FOLLOW | IN_MOVED_TO | IN_DELETE);
    if (watch < 0)
        return;  // none yet; its beginning is told of
    unit_of_[watch] = unit;
    of_[id].insert(watch);
}

void Watcher::forget(const std::string& id) {
    const auto found = of_.find(id);
    if (found == of_.end())
        return;
    for (const int watch : found->second) {
        ::inotify_rm_watch(inotify_.get(), watch);
        ids_.erase(watch);
        unit_of_.erase(watch);
        limits_of_.erase(watch);
    }
    of_.erase(found);
}

void Watcher::take(int watch, unsigned mask, const char* name, Changes& changes) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        changes.all = true;
    } else if (watch == above_) {
        changes.all = changes.all || name_of(root_) == name;
    } else if (watch == transient_) {
        if (auto unit = unit_told_of(name, mask); !unit.empty())
            changes.units.insert(std::move(unit));
    } else if (const auto unit = unit_of_.find(watch); unit != unit_of_.end()) {
        changes.units.insert(unit->second);
        if ((mask & IN_IGNORED) != 0)
            unit_of_.erase(unit);
    } else if (const auto limits = limits_of_.find(watch); limits != limits_of_.end()) {
        if (is_limit(name))
            changes.ids.insert(limits->second);
        if ((mask & IN_IGNORED) != 0)
            limits_of_.erase(limits);
    } else if (watch == here_) {
        if ((mask & (IN_DELETE_SELF | IN_IGNORED)) != 0) {
            here_ = -1;
            changes.all = true;
        } else {
            changes.ids.insert(name);
        }
    } else if (const auto found = ids_.find(watch); found != ids_.end()) {
        changes.ids.insert(found->second);
        if ((mask & IN_IGNORED) == 0)
            return;
        of_[found->second].erase(watch);
        ids_.erase(found);
    }
}

Result<Watcher::Changes> Watcher::read() {
    Changes changes;
    alignas(inotify_event) char buffer[16 * 1024];
    for (;;) {
        const ssize_t size =
            sys::retry_eintr([&] { return ::read(inotify_.get(), buffer, sizeof buffer); });
        if (size < 0 && errno == EAGAIN)
            return changes;
        if (size < 0)
            return fail_sys("read", "inotify");
        for (const char* at = buffer; at < buffer + size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            take(event->wd, event->mask, event->len > 0 ? event->name : "", changes);
            at += sizeof *event + event->len;
        }
    }
}

}  // namespace unitc::daemon
