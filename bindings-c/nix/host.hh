// What the core asks of the Nix that it runs in. Each store-*.cc implements it for its Nix.
//
// Invariant: the core includes no header of Nix, so that a new Nix needs a new thin file and nothing else.

#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace oarlock_nix::host {

// Whether the user pressed Ctrl-C, or the daemon's client went away.
bool interrupted();
// Throws what Nix throws then, or when the thread's own work is no longer wanted.
void check_interrupt();
// That exception, for those who wait elsewhere.
std::exception_ptr interruption();
// Runs a function, on a thread of Nix, when an interrupt comes; until the answer is let go of.
std::shared_ptr<void> on_interrupt(std::function<void()> woken);
// Warns the user.
void warn(const std::string &sentence);
// How many requests may be under way at a time.
std::size_t connections();

}  // namespace oarlock_nix::host
