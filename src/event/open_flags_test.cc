#include "event/open_flags.h"

#include <gtest/gtest.h>

namespace saker::event {
namespace {

struct Row {
  const char* what;
  std::uint32_t x86;
  std::uint32_t arm;
  std::uint32_t want;
};

constexpr Row kRows[] = {
    {"read only", 0, 0, kOpenRead},
    {"write only", 1, 1, kOpenWrite},
    {"read and write", 2, 2, kOpenRead | kOpenWrite},
    {"access mode 3 is both", 3, 3, kOpenRead | kOpenWrite},
    {"creat trunc cloexec", 02001101, 02001101, kOpenWrite | kOpenCreat | kOpenTrunc | kOpenCloexec},
    {"directory", 0200000, 040000, kOpenRead | kOpenDirectory},
    {"direct", 040000, 0200000, kOpenRead | kOpenDirect},
    {"large file", 0100000, 0400000, kOpenRead | kOpenLargefile},
    {"dsync is not sync", 010000, 010000, kOpenRead | kOpenDsync},
    {"sync", 04010000, 04010000, kOpenRead | kOpenDsync | kOpenSync},
    {"tmpfile", 020200002, 020040002, kOpenRead | kOpenWrite | kOpenTmpfile | kOpenDirectory},
};

TEST(OpenFlags, KernelToEngine) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(engine_open_flags(row.x86, OpenFlagsAbi::kX86), row.want);
    EXPECT_EQ(engine_open_flags(row.arm, OpenFlagsAbi::kArm), row.want);
  }
}

}  // namespace
}  // namespace saker::event
