// SPDX-License-Identifier: Apache-2.0
// Most of the time of a container's start is one wait of the kernel's. To move
// a process from one cgroup to another, as systemd does with ours, the kernel
// takes cgroup_threadgroup_rwsem for writing, and that waits for an RCU grace
// period (about 10 ms) unless somebody did so a moment ago (rcu_sync_enter();
// mount option favordynmods aside). Here the wait begins when we begin, not
// when systemd has come to the move: all else we do happens meanwhile.
#pragma once

namespace unitc::cgroup {

// A process of its own moves itself to where it is already, which changes
// nothing but takes the lock. Never fails: without it all is only slower. Does
// nothing if it was called before, in this program or before an exec.
void begin_grace_period() noexcept;

// Waits for that process, if there is one, so that it is no one else's to
// wait for.
void end_grace_period() noexcept;

}  // namespace unitc::cgroup
