// SPDX-License-Identifier: Apache-2.0
#include "state/store.hpp"

#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"
#include "sys/privilege.hpp"

namespace unitc::state {
namespace {

constexpr const char* kRecord = "state.json";
constexpr const char* kConfig = "config.json";
// An annotation may be long; config.json as a whole stops at 16 MiB.
constexpr size_t kMaxRecord = size_t{64} << 20;
constexpr int kAttempts = 16;
constexpr int kClaimLockMs = 5000;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

bool is(const Error& error, std::initializer_list<int> codes) {
    return std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

// Same name per id, so that whoever deletes the id next finds what a killed
// predecessor left. All that is ever below such a name is garbage: two ids
// whose cut names meet do not mind.
std::string garbage_name(const ContainerId& id) {
    constexpr size_t kLongestName = 255;
    return (".deleted:" + id.str()).substr(0, kLongestName);
}

Result<> remove_garbage(const Fd& root, const std::string& name) {
    const auto dir = sys::open_at(root, name.c_str(), kDirectory);
    if (!dir)
        return is(dir.error(), {ENOENT}) ? Result<>{} : Failure{dir.error()};
    TRY(sys::empty_directory(*dir));
    // Not empty again: another deletion has just taken the name over.
    if (::unlinkat(root.get(), name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT &&
        errno != ENOTEMPTY && errno != EEXIST)
        return fail_sys("unlinkat", name);
    return {};
}

// Is `dir` what the name leads to now?
bool is_at(const Fd& root, const std::string& name, const Fd& dir) {
    struct stat by_name {};
    struct stat by_fd {};
    return ::fstatat(root.get(), name.c_str(), &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           ::fstat(dir.get(), &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
           by_name.st_ino == by_fd.st_ino;
}

// flock(2) knows no time-out: try, and wait a little longer each time.
Result<> lock_until(const Fd& fd, const ContainerId& id, Deadline deadline) {
    constexpr int64_t kLongestWaitUs = 20'000;
    for (int64_t wait_us = 500;; wait_us = std::min(wait_us * 2, kLongestWaitUs)) {
        const auto locked = sys::lock(fd, sys::Lock::Exclusive, sys::Wait::No);
        if (locked || !is(locked.error(), {EWOULDBLOCK}))
            return locked;
        const int64_t left_us = deadline.left_us();
        if (left_us == 0)
            return Failure{Error{EBUSY, "container '" + id.str() + "' is busy"}};
        const timespec pause{0, static_cast<long>(std::min(wait_us, left_us) * 1000)};
        ::nanosleep(&pause, nullptr);
    }
}

Failure does_not_exist() {
    return Failure{Error{ENOENT, "container does not exist"}};
}

// Every missing directory of `root`; true if the last one was.
Result<bool> make_root(const std::string& root) {
    bool made = false;
    for (size_t end = root.find('/', 1);; end = root.find('/', end + 1)) {
        const std::string prefix = root.substr(0, end);
        const bool last = end == std::string::npos;
        made = ::mkdir(prefix.c_str(), last ? 0711 : 0755) == 0;
        if (!made && errno != EEXIST)
            return fail_sys("mkdir", prefix);
        if (last)
            return made;
    }
}

Result<> check_root(const Fd& fd, const std::string& root) {
    const struct stat status = TRY(sys::stat_fd(fd));
    struct stat slash {};
    if (::stat("/", &slash) < 0)
        return fail_sys("stat", "/");
    if (status.st_dev == slash.st_dev && status.st_ino == slash.st_ino)
        return fail("state directory '" + root + "' is the root directory");
    if (status.st_uid != ::geteuid())
        return fail("state directory '" + root + "' belongs to uid " +
                    std::to_string(status.st_uid) + ", must belong to uid " +
                    std::to_string(::geteuid()));
    if ((status.st_mode & 022) != 0)
        return fail("state directory '" + root + "' is writable by others");
    return {};
}

Result<Record> load_record(const Fd& dir, const ContainerId& id, const std::string& path) {
    const std::string file = path + "/" + kRecord;
    const Fd fd = TRY_IN("load '" + file + "'", sys::open_at(dir, kRecord, O_RDONLY | O_NOFOLLOW));
    const std::string text = TRY_IN("load '" + file + "'", sys::read_all(fd, kMaxRecord));
    auto record = deserialize(text);
    if (!record)
        return Failure{Error{record.error().code, "'" + file + "' " + record.error().message}};
    if (record->id != id.str())
        return Failure{Error{EBADMSG, "'" + file + "' is the record of '" + record->id + "'"}};
    return record;
}

}  // namespace

Entry::Entry(ContainerId id, std::string path, Fd root, Fd dir, Fd lock)
    : id_(std::move(id)),
      path_(std::move(path)),
      root_(std::move(root)),
      dir_(std::move(dir)),
      lock_(std::move(lock)) {}

Entry::~Entry() {
    // The lock belongs to the open file, of which a child may hold a copy.
    if (lock_)
        ::flock(lock_.get(), LOCK_UN);
}

Result<> Entry::save(const Record& record) {
    if (record.id != id_.str())
        return fail("record of '" + record.id + "' saved as '" + id_.str() + "'");
    TRY_IN("save '" + path_ + "'", sys::replace_file(dir_, kRecord, serialize(record), 0600));
    return {};
}

Result<Record> Entry::load() const {
    return load_record(dir_, id_, path_);
}

Result<> Entry::save_config(std::string_view json) {
    TRY_IN("save '" + path_ + "'", sys::replace_file(dir_, kConfig, json, 0600));
    return {};
}

Result<> Entry::remove() {
    const std::string garbage = garbage_name(id_);
    // After a first remove() the id may be somebody else's.
    for (int i = 0; i < kAttempts && is_at(root_, id_.str(), dir_); ++i) {
        if (::renameat(root_.get(), id_.str().c_str(), root_.get(), garbage.c_str()) == 0)
            break;
        if (errno == ENOTEMPTY || errno == EEXIST) {
            TRY(remove_garbage(root_, garbage));
            continue;
        }
        // No space for another name: in place, then.
        TRY_IN("remove '" + path_ + "'", sys::empty_directory(dir_));
        if (::unlinkat(root_.get(), id_.str().c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
            return fail_sys("unlinkat", path_);
    }
    return remove_garbage(root_, garbage);
}

Store::Store(std::string root_path, Fd root)
    : root_path_(std::move(root_path)), root_(std::move(root)) {}

Result<Store> Store::open(const std::string& root, Make make) {
    if (!root.starts_with('/') || text::clean_path(root) == "/")
        return fail("state directory '" + text::printable(root) +
                    "' must be an absolute path other than '/'");
    const bool made = make == Make::Yes ? TRY(make_root(text::clean_path(root))) : false;
    // The administrator may have linked /run/unitc elsewhere: symlinks count.
    Fd fd = TRY_IN("state directory", sys::open_at(AT_FDCWD, root.c_str(), O_RDONLY | O_DIRECTORY));
    // Whatever the umask said. In $XDG_RUNTIME_DIR the sticky bit keeps what is
    // old from being cleaned away (XDG Base Directory Specification).
    if (made && ::fchmod(fd.get(), sys::owns_machine() ? 0711 : 01700) < 0)
        return fail_sys("fchmod", root);
    TRY(check_root(fd, root));
    return Store{root, std::move(fd)};
}

// Opens and locks ROOT/ID; nothing if the directory went away or was replaced
// before its lock was ours.
Result<std::optional<Entry>> Store::lock_entry(const ContainerId& id, Deadline deadline) {
    Fd dir = TRY(sys::open_at(root_, id.str().c_str(), kDirectory));
    Fd lock = TRY(sys::open_at(dir, ".", kDirectory));
    TRY(lock_until(lock, id, deadline));
    Fd root = TRY(sys::duplicate(root_.get()));
    Entry entry{id, root_path_ + "/" + id.str(), std::move(root), std::move(dir), std::move(lock)};
    if (!is_at(root_, id.str(), entry.dir()))
        return std::nullopt;
    return entry;
}

Result<Entry> Store::claim(const ContainerId& id) {
    for (int i = 0; i < kAttempts; ++i) {
        if (::mkdirat(root_.get(), id.str().c_str(), 0700) < 0) {
            if (errno == EEXIST)
                return Failure{Error{EEXIST, "container with given ID already exists"}};
            return fail_sys("mkdirat", root_path_ + "/" + id.str());
        }
        // Somebody who deletes may have been faster with the lock.
        auto entry = lock_entry(id, Deadline::in_ms(kClaimLockMs));
        if (entry && *entry)
            return **std::move(entry);
        if (!entry && !is(entry.error(), {ENOENT})) {
            ::unlinkat(root_.get(), id.str().c_str(), AT_REMOVEDIR);
            return Failure{std::move(entry).error()};
        }
    }
    return Failure{Error{EBUSY, "container '" + id.str() + "' is busy"}};
}

Result<Entry> Store::find(const ContainerId& id, Deadline deadline) {
    for (int i = 0; i < kAttempts; ++i) {
        auto entry = lock_entry(id, deadline);
        if (entry && *entry)
            return **std::move(entry);
        if (entry || is(entry.error(), {ENOENT}))
            continue;
        return Failure{std::move(entry).error()};
    }
    TRY(remove_garbage(root_, garbage_name(id)));
    return does_not_exist();
}

Result<std::optional<Record>> Store::peek(const ContainerId& id) const {
    auto record = [&]() -> Result<Record> {
        const Fd dir = TRY(sys::open_at(root_, id.str().c_str(), kDirectory));
        return load_record(dir, id, root_path_ + "/" + id.str());
    }();
    if (record)
        return *std::move(record);
    if (is(record.error(), {ENOENT, ENOTDIR}))
        return std::nullopt;
    return Failure{std::move(record).error()};
}

Result<std::vector<ContainerId>> Store::ids() const {
    std::vector<ContainerId> ids;
    const auto names = TRY_IN("state directory '" + root_path_ + "'", sys::names_in(root_));
    for (const sys::Name& name : names) {
        auto id = ContainerId::parse(name.text);
        struct stat status {};
        const bool directory =
            name.type == DT_DIR ||
            (name.type == DT_UNKNOWN &&
             ::fstatat(root_.get(), name.text.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISDIR(status.st_mode));
        if (id && directory)
            ids.push_back(*std::move(id));
    }
    std::sort(ids.begin(), ids.end(),
              [](const ContainerId& a, const ContainerId& b) { return a.str() < b.str(); });
    return ids;
}

Result<std::string> Store::load_config(const ContainerId& id) const {
    const Fd dir = TRY(open_dir(id));
    const std::string file = root_path_ + "/" + id.str() + "/" + kConfig;
    const Fd fd = TRY_IN("load '" + file + "'", sys::open_at(dir, kConfig, O_RDONLY | O_NOFOLLOW));
    return TRY_IN("load '" + file + "'", sys::read_all(fd, kMaxRecord));
}

Result<Fd> Store::open_dir(const ContainerId& id) const {
    auto dir = sys::open_at(root_, id.str().c_str(), kDirectory);
    if (!dir && is(dir.error(), {ENOENT, ENOTDIR}))
        return does_not_exist();
    return dir;
}

}  // namespace unitc::state
