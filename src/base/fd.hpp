// SPDX-License-Identifier: Apache-2.0
// Ownership of a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace unitc {

// Owns a file descriptor. Every Fd in this program is close-on-exec.
class [[nodiscard]] Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        Fd taken{std::move(other)};  // our old descriptor closes with `taken`
        std::swap(fd_, taken.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    // Linux frees the descriptor even when close() fails: never retry it.
    ~Fd() {
        if (fd_ >= 0)
            ::close(fd_);
    }

    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    void reset() { *this = Fd{}; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// close(fd) on an owned descriptor is a double close waiting to happen.
void close(const Fd&) = delete;

}  // namespace unitc
