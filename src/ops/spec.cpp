// SPDX-License-Identifier: Apache-2.0
// unitc spec.
#include "oci/spec.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "ops/ops.hpp"
#include "sys/file.hpp"

namespace unitc::ops {

Result<> spec(const std::string& bundle, bool rootless) {
    constexpr const char* kName = "config.json";
    const Fd directory = TRY(sys::open_at(AT_FDCWD, bundle.c_str(), O_RDONLY | O_DIRECTORY));
    // O_EXCL and not a look before: nothing comes between, no link is followed.
    const auto file = sys::open_at(directory, kName, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (!file && file.error().code == EEXIST)
        return fail(std::string{"File "} + kName + " exists. Remove it first");
    if (!file)
        return Failure{file.error()};
    const auto written = sys::write_all(
        *file, rootless ? oci::rootless_spec(::geteuid(), ::getegid()) : oci::default_spec());
    if (!written)
        ::unlinkat(directory.get(), kName, 0);
    return written;
}

}  // namespace unitc::ops
