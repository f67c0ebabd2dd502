// SPDX-License-Identifier: Apache-2.0
// The program unitcd.
#pragma once

namespace unitc::daemon {

// Its exit status.
int main(int argc, char** argv) noexcept;

}  // namespace unitc::daemon
