// SPDX-License-Identifier: Apache-2.0
// Which containers to look at again: told by inotify(7) of the state directory,
// of each container's, of its cgroup's files and of its unit's drop-ins, so that
// nothing is polled. The drop-ins, because systemd has no signal for limits that
// somebody sets, but writes them down, also those that no controller is there for.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::daemon {

inline constexpr const char* kTransientUnits = "/run/systemd/transient";

class Watcher {
public:
    // `root` need not exist yet; the directory above must. `units` is where
    // systemd keeps transient units.
    static Result<Watcher> begin(std::string root, std::string units = kTransientUnits);

    int fd() const { return inotify_.get(); }

    struct Changes {
        bool all = false;  // the directory came or went, or there was too much to tell
        std::set<std::string> ids;
        // Got properties that they were not made with, or were forgotten by systemd.
        std::set<std::string> units;
    };
    // What has happened so far; never blocks.
    Result<Changes> read();

    // To be called before all containers are looked at.
    void follow_root();
    // Before a container is looked at, and when its cgroup is known: true if it
    // was not followed yet, so that what was seen may have changed unheard.
    bool follow(const std::string& id);
    bool follow(const std::string& id, const Fd& cgroup);
    void follow_unit(const std::string& id, const std::string& unit);
    void forget(const std::string& id);

private:
    Watcher(std::string root, std::string units, Fd inotify)
        : root_(std::move(root)), units_(std::move(units)), inotify_(std::move(inotify)) {}
    bool add(const std::string& path, unsigned mask, const std::string& id);
    void take(int watch, unsigned mask, const char* name, Changes& changes);

    std::string root_;
    std::string units_;
    Fd inotify_;
    int above_ = -1;  // watches of the directory above and of the root
    int here_ = -1;
    int transient_ = -1;
    std::map<int, std::string> unit_of_;       // by watch of its drop-ins
    std::map<int, std::string> limits_of_;     // by watch of its cgroup
    std::map<int, std::string> ids_;           // by watch
    std::map<std::string, std::set<int>> of_;  // watches by id
};

}  // namespace unitc::daemon
