// SPDX-License-Identifier: Apache-2.0
// Matchers for Result that show the error's message when they fail.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/result.hpp"

namespace unitc {

MATCHER_P2(FailsWith, code, text,
           "fails with code " + std::to_string(code) + " and a text containing '" + text + "'") {
    if (arg) {
        *result_listener << "which succeeds";
        return false;
    }
    *result_listener << "which fails with code " << arg.error().code << ": " << arg.error().message;
    return arg.error().code == code && arg.error().message.find(text) != std::string::npos;
}

MATCHER(Succeeds, "succeeds") {
    if (!arg)
        *result_listener << "which fails: " << arg.error().message;
    return bool{arg};
}

}  // namespace unitc
