#include "fields/names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace saker::fields {
namespace {

// A file's texts as a test writes them; null is absent.
struct Texts {
  const char* name = nullptr;
  const char* base = nullptr;
  const char* resolved = nullptr;
  const char* inner = nullptr;
  const char* cwd = nullptr;
  std::int32_t dirfd = -100;
};

event::Text text(const char* bytes) {
  return bytes == nullptr ? event::Text() : event::Text{bytes, true, false};
}

event::File file_of(const Texts& texts) {
  event::File file;
  file.name = text(texts.name);
  file.base = text(texts.base);
  file.resolved = text(texts.resolved);
  file.inner = text(texts.inner);
  file.cwd = text(texts.cwd);
  file.dirfd = texts.dirfd;
  return file;
}

TEST(Names, JoinAsTheReferenceDoes) {
  std::ifstream in(SAKER_SHARED_DIR "/reference/conformance-language.json");
  if (!in) GTEST_SKIP() << "no reference cases here";
  const auto cases = nlohmann::json::parse(in)["cases"];
  std::size_t seen = 0;
  for (const auto& row : cases) {
    if (row["area"] != "pathjoin" || !row["setup"].contains("first")) continue;
    Arena arena;
    const std::string first = row["setup"]["first"], second = row["setup"]["second"];
    EXPECT_EQ(join_path(first, second, arena), row["expect"]["joined"].get<std::string>()) << row["id"];
    ++seen;
  }
  EXPECT_GE(seen, 16U);
}

TEST(Names, JoinCleansThePathOnly) {
  struct Row {
    std::string directory, path, joined;
  };
  const std::string long_name(1023, 'd');
  const Row rows[] = {
      {"/", "etc/passwd", "/etc/passwd"},
      {"/root/", ".", "/root"},
      {"/root/", "../..", "/"},
      {"/root/", "../../../etc//shadow", "/etc/shadow"},
      {"/root//x/", "a", "/root//x/a"},
      {"/root/", "/etc/passwd", "/etc/passwd"},
      {"", "/etc/./x/../passwd/", "/etc/passwd"},
      {"", "/..", "/"},
      {"", "/", "/"},
      {"", "/...", "/..."},
      {"", "/..a/.b", "/..a/.b"},
      {"", "//", "/"},
      {"<UNKNOWN>", "rel.txt", "<UNKNOWN>rel.txt"},
      {"<UNKNOWN>", "a/../b", "b"},
      {"", long_name, long_name},
      {"/", long_name, "/DIR_TOO_LONG/FILENAME_TOO_LONG"},
      {"", "/" + long_name, "/DIR_TOO_LONG/FILENAME_TOO_LONG"},
  };
  for (const Row& row : rows) {
    Arena arena;
    EXPECT_EQ(join_path(row.directory, row.path, arena), row.joined) << row.directory << " + " << row.path;
  }
}

TEST(Names, ACleanAbsoluteNameIsNotCopied) {
  Arena arena;
  const std::string_view name = "/usr/lib/x86_64-linux-gnu/libc.so.6";
  EXPECT_EQ(join_path("/root/", name, arena).data(), name.data());
}

TEST(Names, RequestedName) {
  struct Row {
    const char* what;
    Texts texts;
    std::string_view name;
  };
  const Row rows[] = {
      {"relative", {.name = "../etc//passwd", .cwd = "/root"}, "/etc/passwd"},
      {"relative to the root", {.name = "etc", .cwd = "/"}, "/etc"},
      {"absolute", {.name = "/etc/./shadow", .cwd = "/root"}, "/etc/shadow"},
      {"of a directory",
       {.name = "../syslog/a.log", .base = "/var/log", .cwd = "/", .dirfd = 7},
       "/var/syslog/a.log"},
      {"of an unknown directory", {.name = "rel.txt", .cwd = "/", .dirfd = 99}, "<UNKNOWN>rel.txt"},
      {"absolute beside an unknown directory", {.name = "/x", .dirfd = 99}, "/x"},
      {"by handle", {.resolved = "/data/file"}, "/data/file"},
      {"by handle, failed", {}, ""},
      {"empty", {.name = "", .cwd = "/root"}, ""},
  };
  for (const Row& row : rows) {
    Arena arena;
    EXPECT_EQ(file_name(file_of(row.texts), 0, arena), row.name) << row.what;
  }
}

TEST(Names, OtherNamesAndWhichOfThemDiffer) {
  struct Row {
    const char* what;
    Texts texts;
    std::string_view resolved, inner;
    unsigned distinct;
  };
  const Row rows[] = {
      {"failed", {.name = "/x"}, "", "", 1},
      {"all alike", {.name = "/x", .resolved = "/x"}, "/x", "", 1},
      {"symbolic link", {.name = "/tmp/l", .resolved = "/etc/shadow"}, "/etc/shadow", "", 3},
      {"bind mount",
       {.name = "/m/shadow", .resolved = "/m/shadow", .inner = "/etc/shadow"},
       "/m/shadow",
       "/etc/shadow",
       5},
      {"three names",
       {.name = "/l", .resolved = "/m/shadow", .inner = "/etc/shadow"},
       "/m/shadow",
       "/etc/shadow",
       7},
      {"inner is the requested", {.name = "/a", .resolved = "/b", .inner = "/a"}, "/b", "/a", 3},
      {"relative, same file", {.name = "x", .resolved = "/r/x", .cwd = "/r"}, "/r/x", "", 1},
  };
  for (const Row& row : rows) {
    Arena arena;
    const event::File file = file_of(row.texts);
    EXPECT_EQ(file_name(file, 1, arena), row.resolved) << row.what;
    EXPECT_EQ(file_name(file, 2, arena), row.inner) << row.what;
    EXPECT_EQ(file_name(file, 3, arena), "") << row.what;
    EXPECT_EQ(distinct_names(file, arena), row.distinct) << row.what;
  }
}

TEST(Names, TheRulesNameForTheInodeIsOneMore) {
  struct Row {
    const char* what;
    Texts texts;
    std::string_view identity;
    unsigned distinct;
  };
  const Row rows[] = {
      {"hard link", {.name = "/tmp/l", .resolved = "/tmp/l"}, "/etc/shadow", 0b1001},
      {"link to a hard link", {.name = "/s", .resolved = "/tmp/l"}, "/etc/shadow", 0b1011},
      {"asked for by it", {.name = "/etc/shadow", .resolved = "/etc/shadow"}, "/etc/shadow", 1},
      {"found by it", {.name = "/s", .resolved = "/etc/shadow"}, "/etc/shadow", 0b11},
      {"hidden by a mount of it",
       {.name = "/m", .resolved = "/m", .inner = "/etc/shadow"},
       "/etc/shadow",
       0b101},
  };
  for (const Row& row : rows) {
    Arena arena;
    event::File file = file_of(row.texts);
    file.identity = row.identity;
    EXPECT_EQ(file_name(file, 3, arena), row.identity) << row.what;
    EXPECT_EQ(distinct_names(file, arena), row.distinct) << row.what;
  }
}

// The kernel's part keeps a path's end, which would pass for another file.
TEST(Names, ACutNameIsNone) {
  Arena arena;
  event::File file = file_of({.name = "/l", .resolved = "/etc/shadow", .inner = "/shadow"});
  file.resolved.truncated = file.inner.truncated = true;
  EXPECT_EQ(distinct_names(file, arena), 1);
  EXPECT_EQ(file_name(file, 1, arena), "");
  EXPECT_EQ(file_name(file, 2, arena), "");
}

}  // namespace
}  // namespace saker::fields
