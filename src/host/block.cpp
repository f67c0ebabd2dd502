// SPDX-License-Identifier: Apache-2.0
#include "host/block.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <memory>
#include <string>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::host {

bool names_bfq(std::string_view schedulers) {
    for (const std::string_view name : text::split(text::trim(schedulers), ' '))
        if (name == "bfq" || name == "[bfq]")
            return true;
    return false;
}

bool has_bfq() {
    struct Close {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, Close> disks{::opendir("/sys/block")};
    while (const dirent* disk = disks ? ::readdir(disks.get()) : nullptr) {
        const std::string path = std::string{"/sys/block/"} + disk->d_name + "/queue/scheduler";
        // Those without a queue have none.
        const auto schedulers = sys::read_file(AT_FDCWD, path.c_str());
        if (schedulers && names_bfq(*schedulers))
            return true;
    }
    return false;
}

}  // namespace unitc::host
