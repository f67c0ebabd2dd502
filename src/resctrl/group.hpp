// SPDX-License-Identifier: Apache-2.0
// linux.intelRdt: a container's group in resctrl, by config-linux.md
// ("IntelRdt"). Paths are relative to the mount and of one or three names.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::resctrl {

// The root of the mounted file system, verified; ENOENT: it is not mounted.
Result<Fd> open();

// Decided before anything is done, so that whoever finds the record of a
// killed create knows what to remove.
struct Group {
    std::string clos;     // "." for the default class of service, else its directory
    std::string monitor;  // "web/mon_groups/web"; empty: none is asked for
    std::string lines;    // to be written to the schemata; empty: none
    bool make_clos = false;
    bool make_monitor = false;
    bool keep_clos = false;  // one with a name stays when the container goes

    // Whose tasks the container's processes are to be.
    const std::string& home() const { return monitor.empty() ? clos : monitor; }
    // What must go when a create fails, and when the container is deleted;
    // empty: nothing. A class takes its monitoring groups with it.
    std::string undo() const { return make_clos ? clos : make_monitor ? monitor : ""; }
    std::string leftover() const {
        return keep_clos || !make_clos ? (make_monitor ? monitor : "") : clos;
    }
};

// Refuses a closID that is not there without a schema to make it by, and one
// that is there with other values than asked for.
Result<Group> decide(const Fd& root, const oci::IntelRdt& rdt, const std::string& id);

// Makes what is to be made and moves the process there. What another has made
// since decide() is not to be made any more, so neither undone.
Result<> enter(const Fd& root, Group& group, pid_t pid);

// The caller, and so what it clones from here on, joins the group of `home`.
Result<> join(const Fd& root, const std::string& home);

// Writes the lines to the schemata of the class that `home` is of; what they
// were before.
Result<std::string> change(const Fd& root, const std::string& home, const std::string& lines);

// Gone already is as good.
Result<> remove(const Fd& root, const std::string& path);

}  // namespace unitc::resctrl
