// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "sys/file.hpp"

namespace unitc::cli {

Result<> print(std::string_view text) {
    while (!text.empty()) {
        const ssize_t put =
            sys::retry_eintr([&] { return ::write(STDOUT_FILENO, text.data(), text.size()); });
        if (put < 0)
            return fail_sys("write", "standard output");
        text.remove_prefix(static_cast<size_t>(put));
    }
    return {};
}

void complain(std::string_view line) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 100) != 1)
        return;
    const std::string whole = std::string{line} + "\n";
    [[maybe_unused]] const ssize_t put = ::write(STDERR_FILENO, whole.data(), whole.size());
}

}  // namespace unitc::cli
