// SPDX-License-Identifier: Apache-2.0
#include "sys/path.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

    // The deepest part that exists is resolved by the kernel, inside the
    // root; from the first missing component on, everything is our own.
    const std::string cleaned = text::clean_path(path);
    Fd parent = TRY(duplicate(root.get()));
    std::string prefix;
    bool made = false;
    for (const std::string_view part : text::split(cleaned, '/')) {
        if (part.empty())
            continue;
        const std::string name{part};
        prefix += "/" + name;
        if (!made) {
            auto existing = open_in_root(root, prefix, O_PATH | O_DIRECTORY);
            if (existing) {
                parent = std::move(*existing);
                continue;
            }
            if (existing.error().code != ENOENT)
                return existing;
            made = true;
        }
        parent = TRY_IN("create '" + prefix + "'", make_one(parent, name.c_str(), mode));
    }
    return parent;
}

Result<Fd> make_file_in_root(const Fd& root, const std::string& path, mode_t mode) {
    auto there = open_in_root(root, path, O_PATH);
    if (there || there.error().code != ENOENT)
        return there;
    const std::string cleaned = text::clean_path(path);
    const size_t slash = cleaned.rfind('/');
    const std::string name = cleaned.substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string directory = slash == std::string::npos ? "/" : cleaned.substr(0, slash + 1);
    const Fd parent = TRY(make_directory_in_root(root, directory, 0755));
    return TRY_IN(
        "create '" + cleaned + "'",
        open_below(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY, kBelowNoLinks, mode));
}

}  // namespace unitc::sys
