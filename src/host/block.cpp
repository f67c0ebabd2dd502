// SPDX-License-Identifier: Apache-2.0
#include "host/block.hpp"

#include <fcntl.h>

#include <string>

#include "base/text.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"

namespace unitc::host {

bool names_bfq(std::string_view schedulers) {
    for (const std::string_view name : text::split(text::trim(schedulers), ' '))
        if (name == "bfq" || name == "[bfq]")
            return true;
    return false;
}

bool has_bfq() {
    const auto directory = sys::open_at(AT_FDCWD, "/sys/block", O_RDONLY | O_DIRECTORY);
    const auto disks = directory ? sys::names_in(*directory) : Failure{directory.error()};
    if (!disks)
        return false;
    for (const sys::Name& disk : *disks) {
        const std::string path = disk.text + "/queue/scheduler";
        // Those without a queue have none.
        const auto schedulers = sys::read_file(directory->get(), path.c_str());
        if (schedulers && names_bfq(*schedulers))
            return true;
    }
    return false;
}

}  // namespace unitc::host
