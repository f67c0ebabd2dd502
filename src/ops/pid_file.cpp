// SPDX-License-Identifier: Apache-2.0
#include "ops/pid_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::ops {

Result<> PidFile::open(const std::string& path) {
    if (path.empty())
        return {};
    const size_t slash = path.rfind('/');
    const std::string place = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    name_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
    struct stat found {};
    if (name_.empty() || name_ == "." || name_ == ".." ||
        (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)))
        return fail("--pid-file: '" + text::printable(path) + "' is a directory, must be a file");
    directory_ =
        TRY_IN("--pid-file", sys::open_at(AT_FDCWD, place.c_str(), O_RDONLY | O_DIRECTORY));
    return {};
}

Result<> PidFile::write(pid_t pid) const {
    if (is_wanted())
        TRY_IN("--pid-file", sys::replace_file(directory_, name_, std::to_string(pid), 0644));
    return {};
}

void PidFile::remove() const {
    if (is_wanted())
        ::unlinkat(directory_.get(), name_.c_str(), 0);
}

}  // namespace unitc::ops
