// SPDX-License-Identifier: Apache-2.0
#include "sys/directory.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "sys/file.hpp"

namespace unitc::sys {

Result<std::vector<Name>> names_in(const Fd& dir) {
    Fd copy = TRY(open_at(dir, ".", O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> stream{
        ::fdopendir(copy.get())};
    if (!stream)
        return fail_sys("fdopendir");
    copy.release();
    std::vector<Name> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr)
            break;
        std::string name = entry->d_name;
        if (name != "." && name != "..")
            names.push_back({std::move(name), entry->d_type});
    }
    if (errno != 0)
        return fail_sys("readdir");
    return names;
}

namespace {

constexpr int kMaxDepth = 32;

Result<> empty_at_depth(const Fd& dir, int depth) {
    if (depth > kMaxDepth)
        return fail_code(ELOOP, "remove directory");
    const auto names = names_in(dir);
    if (!names)
        return names.error().code == ENOENT ? Result<>{} : Failure{names.error()};
    for (const Name& name : *names) {
        if (::unlinkat(dir.get(), name.text.c_str(), 0) == 0 || errno == ENOENT)
            continue;
        if (errno != EISDIR && errno != EPERM)
            return fail_sys("unlinkat", name.text);
        const auto below = open_at(dir, name.text.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!below && below.error().code == ENOENT)
            continue;
        if (!below)
            return Failure{below.error()};
        TRY(empty_at_depth(*below, depth + 1));
        if (::unlinkat(dir.get(), name.text.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
            return fail_sys("unlinkat", name.text);
    }
    return {};
}

}  // namespace

Result<> empty_directory(const Fd& dir) {
    return empty_at_depth(dir, 0);
}

}  // namespace unitc::sys
