// SPDX-License-Identifier: Apache-2.0
// Compares a text with the file that holds what it should be;
// UPDATE_GOLDEN=1 rewrites the file instead.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "sys/file.hpp"

namespace unitc::cli {

inline void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string{UNITC_TESTS_DIR "/golden/cli/"} + name;
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        const auto file = sys::open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(sys::write_all(*file, text));
        return;
    }
    const auto expected = sys::read_file(AT_FDCWD, path.c_str());
    ASSERT_TRUE(expected) << expected.error().message << " (UPDATE_GOLDEN=1 writes it)";
    EXPECT_EQ(text, *expected) << "differs from " << path;
}

}  // namespace unitc::cli
