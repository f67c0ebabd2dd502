// SPDX-License-Identifier: Apache-2.0
#include "sys/path.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

static_assert(kBelowNoLinks == (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));

// A neighbour that renames in a loop makes the walk fail with EAGAIN; an
// honest image never does. Beyond this many tries it is an attack.
constexpr int kTries = 128;

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// mkdirat and the new directory, proven not to be a symlink swapped in.
Result<Fd> make_one(const Fd& parent, const char* name, mode_t mode) {
    if (::mkdirat(parent.get(), name, mode) < 0 && errno != EEXIST)
        return fail_sys("mkdirat", name);
    return open_below(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, kBelowNoLinks);
}

// Where something is still to be made.
struct Place {
    Fd parent;
    std::string name;
};

void push_parts(std::string_view path, std::vector<std::string>& left) {
    const auto parts = text::split(path, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
        if (!part->empty() && *part != ".")
            left.emplace_back(*part);
}

// The kernel resolves what exists, not what is to be made: here is its walk
// in user space, one component at a time, for symlinks that lead to nothing
// yet (/etc/resolv.conf of many images). A component is opened without
// following; ".." goes up by name, from the root.
Result<Place> find_place(const Fd& root, const std::string& path, mode_t mode) {
    constexpr int kMostLinks = 40;  // as the kernel's
    std::vector<std::string> left;  // the next one last
    push_parts(path, left);
    std::vector<std::string> walked;
    Fd parent = TRY(duplicate(root.get()));
    for (int links = 0; !left.empty();) {
        const std::string name = std::move(left.back());
        left.pop_back();
        if (name == "..") {
            if (!walked.empty())
                walked.pop_back();
            parent = TRY(open_below(root, "./" + text::join(walked, "/"), O_PATH | O_DIRECTORY,
                                    kBelowNoLinks));
            continue;
        }
        char target[PATH_MAX];
        const ssize_t size = ::readlinkat(parent.get(), name.c_str(), target, sizeof target);
        if (size >= 0) {
            if (++links > kMostLinks || size == PATH_MAX)
                return fail_code(ELOOP, "too many symlinks");
            if (target[0] == '/') {
                walked.clear();
                parent = TRY(duplicate(root.get()));
            }
            push_parts({target, static_cast<size_t>(size)}, left);
            continue;
        }
        if (left.empty())
            return Place{std::move(parent), name};
        parent = TRY(make_one(parent, name.c_str(), mode));
        walked.push_back(name);
    }
    return Place{std::move(parent), "."};
}

}  // namespace

Result<Fd> open_below(const Fd& dir, const std::string& path, int flags, uint64_t resolve,
                      mode_t mode) {
    open_how how{};
    how.flags = static_cast<uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
    how.mode = mode;
    how.resolve = resolve;
    for (int tries = 0; tries < kTries; ++tries) {
        const auto fd =
            static_cast<int>(::syscall(SYS_openat2, dir.get(), path.c_str(), &how, sizeof how));
        if (fd >= 0)
            return Fd{fd};
        if (errno != EAGAIN && errno != EINTR)
            return fail_sys("openat2", path);
    }
    return fail("openat2 '" + path + "': the path keeps changing, giving up");
}

Result<Fd> open_in_root(const Fd& root, const std::string& path, int flags) {
    return open_below(root, path, flags, kInRoot);
}

Result<Fd> make_directory_in_root(const Fd& root, const std::string& path, mode_t mode) {
    auto there = open_in_root(root, path, O_PATH | O_DIRECTORY);
    if (there || there.error().code != ENOENT)
        return there;

    const Place place = TRY_IN("create '" + path + "'", find_place(root, path, mode));
    return TRY_IN("create '" + path + "'", make_one(place.parent, place.name.c_str(), mode));
}

Result<Fd> make_file_in_root(const Fd& root, const std::string& path, mode_t mode) {
    auto there = open_in_root(root, path, O_PATH);
    if (there || there.error().code != ENOENT)
        return there;
    const Place place = TRY_IN("create '" + path + "'", find_place(root, path, 0755));
    return TRY_IN("create '" + path + "'",
                  open_below(place.parent, place.name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY,
                             kBelowNoLinks, mode));
}

}  // namespace unitc::sys
