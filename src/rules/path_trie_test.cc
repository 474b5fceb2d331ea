#include "rules/path_trie.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

struct Row {
  std::vector<std::string_view> paths;
  std::string_view path;
  bool want;
};

TEST(PathTrie, Covers) {
  const Row rows[] = {
      {{}, "/etc", false},
      {{"/"}, "/etc", true},
      {{"/"}, "", true},
      {{"/etc"}, "/etc", true},
      {{"/etc"}, "/etc/passwd", true},
      {{"/etc"}, "/etcetera", false},
      {{"/etc/"}, "/etc", true},
      {{"etc"}, "//etc//passwd", true},
      {{"/etc/passwd/x"}, "/etc/passwd", false},
      {{"/etc/*"}, "/etc", false},
      {{"/etc/*"}, "/etc/passwd/x", true},
      {{"/*/passwd"}, "/etc/a/passwd", false},
      {{"/e?c/[p-q]*"}, "/etc/passwd", true},
      {{"/etc/[!p]*"}, "/etc/passwd", false},
      // A literal and a pattern branch that both fit.
      {{"/etc/x", "/*/y"}, "/etc/y", true},
      {{"/etc/x", "/*/y", "/e*/z"}, "/etc/z", true},
      {{"/a/b/c", "/a"}, "/a/x", true},
      {{"/a", "/a/b/c"}, "/a/x", true},
  };
  for (const Row& row : rows) {
    PathTrie trie;
    for (const std::string_view path : row.paths) trie.add(path);
    EXPECT_EQ(trie.covers(row.path), row.want)
        << (row.paths.empty() ? "" : row.paths[0]) << " on " << row.path;
  }
}

TEST(PathTrie, ManyOpenBranches) {
  PathTrie trie;
  for (int i = 0; i < 100; ++i) trie.add("/*/*/*/" + std::to_string(i));
  EXPECT_TRUE(trie.covers("/a/b/c/99"));
  EXPECT_FALSE(trie.covers("/a/b/c/100"));
}

}  // namespace
}  // namespace saker::rules
