// SPDX-License-Identifier: Apache-2.0
// The state directory (--root, default /run/unitc): one directory per
// container, whose creation is the reservation of the name, with a lock for
// every verb and an atomically replaced record.
//
//   ROOT/ID/             0700; its own flock(2) is the lock, so there is no
//                        moment with a directory and no lock
//   ROOT/ID/state.json   the record (replaced atomically, 0600)
//   ROOT/ID/config.json  what the container was made from, word for word
//   ROOT/ID/start        unix socket the created container's init listens on
//   ROOT/ID/caller       unix socket on which `run` waits for the container's
//                        service to say what came of it
//   ROOT/ID/notify/      what the container sees as /run/notify: its notify.sock
//   ROOT/.deleted:ID     on its way out
// No id can hold a ':', so such names are free for the house.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/container_id.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "state/record.hpp"

namespace unitc::state {

inline constexpr const char* kStartSocket = "start";
inline constexpr const char* kNotifyDirectory = "notify";
inline constexpr const char* kCallerSocket = "caller";
inline constexpr const char* kSeccompCache = ".cache:seccomp";  // below the root

// A container's directory with its lock held. The lock ends with the Entry,
// also where a child has inherited its descriptor.
class Entry {
public:
    Entry(Entry&&) noexcept = default;
    Entry& operator=(Entry&&) noexcept = default;
    ~Entry();

    const Fd& dir() const { return dir_; }
    const ContainerId& id() const { return id_; }

    Result<> save(const Record& record);
    // An error names the file. Code ENOENT: there is none, its claimer died
    // before the first save. EBADMSG: it is damaged or another unitc's.
    Result<Record> load() const;

    // The copy of config.json that `exec` reads: whatever becomes of the
    // bundle, a container's later processes are bound by what it was made with.
    Result<> save_config(std::string_view json);

    // Renames the directory away (".deleted:ID") and removes it; idempotent,
    // needs no free space. What a killed predecessor left there goes too.
    Result<> remove();

private:
    friend class Store;
    Entry(ContainerId id, std::string path, Fd root, Fd dir, Fd lock);
    ContainerId id_;
    std::string path_;  // ROOT/ID, for messages
    Fd root_;
    Fd dir_;
    Fd lock_;
};

class Store {
public:
    // Makes the root (0711) if `create`; refuses "/" and a root not owned by
    // the caller or writable by others. Missing and not to be made: ENOENT.
    enum class Make { Yes, No };
    static Result<Store> open(const std::string& root, Make make);

    // Reserves the id: exactly one of several callers wins; the loser's error
    // is runc's "container with given ID already exists" (EEXIST). The entry
    // is exclusively locked.
    Result<Entry> claim(const ContainerId& id);

    // An existing container, locked exclusively (bounded by the deadline;
    // after it: "container 'x' is busy", EBUSY). Unknown id: runc's
    // "container does not exist" (ENOENT).
    Result<Entry> find(const ContainerId& id, Deadline deadline);

    // For state and list: the record without any lock (replaced atomically,
    // so a reader sees one whole version). Vanished, half-removed or not yet
    // written: nothing. Damaged: EBADMSG.
    Result<std::optional<Record>> peek(const ContainerId& id) const;

    // All ids, sorted; what has no id's name or is no directory is not listed.
    Result<std::vector<ContainerId>> ids() const;

    // The copy of config.json, without any lock. ENOENT: the container is
    // gone, or an older unitc made it.
    Result<std::string> load_config(const ContainerId& id) const;

    // Opens the container's directory without lock (for the start socket).
    Result<Fd> open_dir(const ContainerId& id) const;

    const std::string& root() const { return root_path_; }

private:
    Store(std::string root_path, Fd root);
    Result<std::optional<Entry>> lock_entry(const ContainerId& id, Deadline deadline);
    std::string root_path_;
    Fd root_;
};

}  // namespace unitc::state
