// SPDX-License-Identifier: Apache-2.0
// Undo on failure: runs its function at scope exit unless dismissed.
#pragma once

#include <utility>

namespace unitc {

template <typename Function>
class [[nodiscard]] ScopeExit {
public:
    explicit ScopeExit(Function function) : function_(std::move(function)) {}
    ScopeExit(const ScopeExit&) = delete;
    ScopeExit& operator=(const ScopeExit&) = delete;
    ~ScopeExit() {
        if (armed_)
            function_();
    }
    void dismiss() { armed_ = false; }

private:
    Function function_;
    bool armed_ = true;
};

}  // namespace unitc
