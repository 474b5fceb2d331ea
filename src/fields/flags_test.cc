#include "fields/flags.h"

#include <gtest/gtest.h>

#include "event/open_flags.h"
#include "fields/evt_text.h"

namespace saker::fields {
namespace {

TEST(Flags, OpenFlagsReadInTheTablesOrder) {
  struct Row {
    std::uint32_t flags;
    std::string_view text;
  };
  const Row rows[] = {
      {0, "O_NONE"},
      {1, "O_RDONLY"},
      {2, "O_WRONLY"},
      {3, "O_RDWR"},
      {4099, "O_RDWR|O_CLOEXEC"},
      {20487, "O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED"},
      {event::kOpenDirectory | event::kOpenRead, "O_DIRECTORY|O_RDONLY"},
      {event::kOpenTmpfile | 2, "O_WRONLY|O_TMPFILE"},
      {event::kOpenUpperLayer | 1, "O_RDONLY|FD_UPPER_LAYER"},
      {event::kOpenLowerLayer | 1, "O_RDONLY|FD_LOWER_LAYER"},
      {1U << 30, ""},
  };
  for (const Row& row : rows) {
    Arena arena;
    EXPECT_EQ(flag_text(row.flags, event::symbols(event::Symbols::kOpenFlags), arena), row.text) << row.flags;
  }
}

TEST(Flags, OtherTables) {
  Arena arena;
  using event::symbols;
  using event::Symbols;
  EXPECT_EQ(flag_text(0, symbols(Symbols::kResolveFlags), arena), "");
  EXPECT_EQ(flag_text(3, symbols(Symbols::kResolveFlags), arena), "RESOLVE_BENEATH|RESOLVE_IN_ROOT");
  EXPECT_EQ(flag_text(3, symbols(Symbols::kExeFlags), arena), "EXE_WRITABLE|EXE_UPPER_LAYER");
  EXPECT_EQ(flag_text(2, symbols(Symbols::kCreatFlags), arena), "FD_LOWER_LAYER_CREAT");
  EXPECT_EQ(symbol_text(1, symbols(Symbols::kSocketDomain), arena), "AF_LOCAL|AF_UNIX");
  EXPECT_EQ(symbol_text(5, symbols(Symbols::kBpfCommand), arena), "BPF_PROG_LOAD");
  EXPECT_EQ(symbol_text(999, symbols(Symbols::kBpfCommand), arena), "");
}

TEST(Flags, ErrorsSignalsCapabilities) {
  Arena arena;
  EXPECT_EQ(errno_name(1), "EPERM");
  EXPECT_EQ(errno_name(2), "ENOENT");
  EXPECT_EQ(errno_name(40), "ELOOP");
  EXPECT_EQ(errno_name(0), "");
  EXPECT_EQ(errno_name(-2), "");
  EXPECT_EQ(errno_name(100000), "");
  EXPECT_EQ(signal_name(9, arena), "SIGKILL");
  EXPECT_EQ(signal_name(0, arena), "");
  EXPECT_EQ(signal_name(1000, arena), "");
  EXPECT_EQ(capability_names(0, arena), "");
  EXPECT_EQ(capability_names(0x21, arena), "CAP_CHOWN CAP_KILL");
  EXPECT_EQ(capability_names(1ULL << 40, arena), "CAP_CHECKPOINT_RESTORE");
  EXPECT_EQ(capability_names(1ULL << 39 | 1ULL << 21, arena), "CAP_SYS_ADMIN CAP_BPF");
}

TEST(EvtText, UtcTime) {
  Arena arena;
  EXPECT_EQ(time_text(1566230400010000000, TimeStyle::kIso8601, arena), "2019-08-19T16:00:00.010000000+0000");
  EXPECT_EQ(time_text(0, TimeStyle::kIso8601, arena), "1970-01-01T00:00:00.000000000+0000");
}

}  // namespace
}  // namespace saker::fields
