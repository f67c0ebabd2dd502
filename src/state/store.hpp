// SPDX-License-Identifier: Apache-2.0
// The state directory (--root, default /run/unitc): one directory per
// container, whose creation is the reservation of the name, with a lock for
// every verb and an atomically replaced record.
//
//   ROOT/ID/state.json   the record (replaced atomically, 0600)
//   ROOT/ID/lock         flock: exclusive for verbs that change, shared to read
//   ROOT/ID/start        unix socket the created container's init listens on
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/container_id.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "state/record.hpp"

namespace unitc::state {

inline constexpr const char* kStartSocket = "start";

// A container's directory with its lock held.
class Entry {
public:
    const Fd& dir() const { return dir_; }
    const ContainerId& id() const { return id_; }

    Result<> save(const Record& record);
    // A damaged or missing record is an error that names the file.
    Result<Record> load() const;

    // Renames the directory away (".deleted-…") and removes it; idempotent,
    // needs no free space.
    Result<> remove();

private:
    friend class Store;
    Entry(ContainerId id, Fd root, Fd dir, Fd lock);
    ContainerId id_;
    Fd root_;
    Fd dir_;
    Fd lock_;
};

class Store {
public:
    // Makes the root (0711) if `create`; refuses "/" and a root not owned by
    // the caller or writable by others.
    enum class Make { Yes, No };
    static Result<Store> open(const std::string& root, Make make);

    // Reserves the id: exactly one of several callers wins; the loser's error
    // is runc's "container with given ID already exists". The entry is
    // exclusively locked.
    Result<Entry> claim(const ContainerId& id);

    // An existing container, locked exclusively (bounded by the deadline;
    // after it: "container 'x' is busy"). Unknown id: runc's
    // "container does not exist".
    Result<Entry> find(const ContainerId& id, Deadline deadline);

    // For state and list: the record without any lock (replaced atomically,
    // so a reader sees one whole version). Vanished or half-removed: nothing.
    Result<std::optional<Record>> peek(const ContainerId& id) const;

    // All ids, sorted; entries that vanish meanwhile are simply not listed.
    Result<std::vector<ContainerId>> ids() const;

    // Opens the container's directory without lock (for the start socket).
    Result<Fd> open_dir(const ContainerId& id) const;

    const std::string& root() const { return root_path_; }

private:
    Store(std::string root_path, Fd root);
    std::string root_path_;
    Fd root_;
};

}  // namespace unitc::state
