// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace unitc {

Failure fail(std::string message) {
    return Failure{Error{0, std::move(message)}};
}

Failure fail_sys(std::string_view call, std::string_view object) {
    const int code = errno;
    return fail_code(code, call, object);
}

Failure fail_code(int code, std::string_view call, std::string_view object) {
    std::string message{call};
    if (!object.empty())
        message.append(" '").append(object).append("'");
    // strerrordesc_np has no locale and no buffer: safe in the child.
    const char* text = strerrordesc_np(code);
    message.append(": ").append(text != nullptr ? text : "unknown error");
    return Failure{Error{code, std::move(message)}};
}

}  // namespace unitc
