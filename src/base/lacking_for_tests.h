// System calls that an emulator of single programs (qemu-user) does not have. Every kernel that the agent
// runs on has them; the guests of `make kernels` run the tests that are skipped without.
#pragma once

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace saker {

// Asks with arguments that no kernel takes.
inline bool lacks_call(long number) {
  return ::syscall(number, -1, nullptr, nullptr, 0) < 0 && errno == ENOSYS;
}

}  // namespace saker

#define SAKER_SKIP_WITHOUT(call) \
  if (::saker::lacks_call(SYS_##call)) GTEST_SKIP() << "there is no " #call "() in this emulator"
