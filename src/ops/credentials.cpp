// SPDX-License-Identifier: Apache-2.0
#include "ops/credentials.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kVariable = "CREDENTIALS_DIRECTORY";
constexpr const char* kInside = "/run/host/credentials";
constexpr const char* kCopy = "credentials";
constexpr size_t kMaxBytes = size_t{1} << 20;  // systemd's own limit, for all of them

bool has_a_say(const oci::Config& config) {
    for (const std::string& variable : config.process->env)
        if (variable.starts_with(std::string{kVariable} + "="))
            return true;
    for (const oci::Mount& mount : config.mounts)
        if (text::clean_path("/" + mount.destination) == kInside)
            return true;
    return false;
}

// To users in a user namespace no file can be given before it is there.
bool needs_copy(const oci::Config& config) {
    const auto& spaces = config.linux_->namespaces;
    return config.process->user.uid != 0 &&
           std::none_of(spaces.begin(), spaces.end(), [](const oci::Namespace& space) {
               return space.type == oci::NamespaceType::User;
           });
}

Result<> give(const Fd& fd, const CredentialsCopy& wanted, mode_t mode) {
    if (::fchown(fd.get(), wanted.uid, wanted.gid) < 0 || ::fchmod(fd.get(), mode) < 0)
        return fail_sys("give to the container's user");
    return {};
}

Result<> copy_one(const Fd& from, const char* name, const Fd& to, const CredentialsCopy& wanted) {
    const std::string content = TRY(sys::read_file(from.get(), name, kMaxBytes));
    const Fd file = TRY(sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0400));
    TRY(sys::write_all(file, content));
    return give(file, wanted, 0400);
}

}  // namespace

std::optional<CredentialsCopy> pass_credentials(const host::Service& caller,
                                                const std::string& state_dir, oci::Config& config,
                                                std::vector<std::string>& env) {
    const char* directory = std::getenv(kVariable);
    if (directory == nullptr || !config.process || !config.linux_ || has_a_say(config))
        return std::nullopt;
    // Inherited from elsewhere, it would be another's secrets.
    if (directory != "/run/credentials/" + caller.unit) {
        log::debug(std::string{kVariable} + " is not of " + caller.unit + ": not passed on");
        return std::nullopt;
    }
    std::optional<CredentialsCopy> copy;
    if (needs_copy(config))
        copy = CredentialsCopy{directory, config.process->user.uid, config.process->user.gid};
    config.mounts.push_back({kInside,
                             "bind",
                             copy ? state_dir + "/" + kCopy : std::string{directory},
                             {"bind", "ro", "nosuid", "nodev", "noexec", "private"},
                             {},
                             {}});
    env.push_back(std::string{kVariable} + "=" + kInside);
    return copy;
}

Result<> copy_credentials(const CredentialsCopy& wanted, const Fd& state_dir) {
    const Fd from =
        TRY(sys::open_at(AT_FDCWD, wanted.source.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::mkdirat(state_dir.get(), kCopy, 0700) < 0)
        return fail_sys("mkdirat", kCopy);
    const Fd to = TRY(sys::open_at(state_dir, kCopy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const std::vector<sys::Name> names = TRY(sys::names_in(from));
    for (const sys::Name& name : names)
        if (name.type == DT_REG)
            TRY_IN(name.text, copy_one(from, name.text.c_str(), to, wanted));
    return give(to, wanted, 0500);
}

}  // namespace unitc::ops
