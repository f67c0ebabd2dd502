// SPDX-License-Identifier: Apache-2.0
#include "cli/exit.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"

namespace unitc::cli {

int report(const Error& error, bool log_is_stderr) {
    if (!error.bare || !log_is_stderr)
        log::error(error.message);
    if (error.bare || !log_is_stderr)
        complain(text::printable(error.message));
    return kExitFailure;
}

}  // namespace unitc::cli
