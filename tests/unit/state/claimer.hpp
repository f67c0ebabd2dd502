// SPDX-License-Identifier: Apache-2.0
// Another process at work in the same store (claimer.cpp).
#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sys/file.hpp"

namespace unitc::state {

class Process {
public:
    explicit Process(std::vector<std::string> words) {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
            std::abort();
        const Fd its_input{in[0]};
        const Fd its_output{out[1]};
        input_ = Fd{in[1]};
        output_ = Fd{out[0]};
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, its_input.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, its_output.get(), STDOUT_FILENO);
        if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0)
            std::abort();
        posix_spawn_file_actions_destroy(&actions);
    }
    Process(Process&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)),
          input_(std::move(other.input_)),
          output_(std::move(other.output_)) {}
    Process& operator=(Process&&) = delete;
    ~Process() { kill(); }

    pid_t pid() const { return pid_; }

    // Waits for it: one line, without its end; empty when there is none.
    std::string line() {
        std::string text;
        char byte = 0;
        while (::read(output_.get(), &byte, 1) == 1 && byte != '\n')
            text += byte;
        return text;
    }

    void kill() {
        if (pid_ < 0)
            return;
        ::kill(pid_, SIGKILL);
        reap();
    }
    // Lets it end by itself.
    void finish() {
        input_.reset();
        reap();
    }

private:
    void reap() {
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    pid_t pid_ = -1;
    Fd input_;
    Fd output_;
};

inline Process claimer(const char* what, const std::string& root, const std::string& id) {
    return Process{{UNITC_STATE_CLAIMER, what, root, id}};
}

}  // namespace unitc::state
