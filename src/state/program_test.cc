#include "state/program.h"

#include <gtest/gtest.h>

#include <string>

#include "state/directory.h"

namespace saker::state {
namespace {

TEST(Programs, EqualOnesAreOne) {
  Programs programs;
  event::ExeFile file, other;
  other.ino = 7;
  const ProgramText text{.exepath = "/bin/sh", .args = {"sh\0-c\0", 6}, .args_bytes = 6, .exe_file = &file};
  const ProgramRef first = programs.get(text), again = programs.get(text);
  EXPECT_EQ(first, again);
  EXPECT_EQ(first->number(), again->number());
  EXPECT_NE(Programs().get(text)->number(), first->number());
  EXPECT_EQ(first->exepath(), "/bin/sh");
  EXPECT_EQ(first->args(), std::string_view("sh\0-c\0", 6));
  EXPECT_FALSE(first->environment());
  ProgramText differs = text;
  differs.exe_file = &other;
  EXPECT_NE(programs.get(differs), first);
  differs = text;
  differs.exe_file = nullptr;
  EXPECT_NE(programs.get(differs), first);
  differs = text;
  differs.environment = "";  // told, and empty
  const ProgramRef told = programs.get(differs);
  EXPECT_NE(told, first);
  EXPECT_EQ(told->environment(), "");
  // The bytes before are the same; where one text ends is not.
  EXPECT_NE(programs.get({.exepath = "ab", .args = "c"}), programs.get({.exepath = "a", .args = "bc"}));
}

TEST(Programs, WhatNobodyRunsIsForgotten) {
  Programs programs;
  {
    const ProgramRef one = programs.get({.exepath = "/bin/a", .args = std::string(100, 'a')});
    const ProgramRef two = one;
    EXPECT_EQ(programs.size(), 1U);
    EXPECT_GT(programs.bytes(), 100U);
  }
  EXPECT_EQ(programs.size(), 0U);
  EXPECT_EQ(programs.bytes(), 0U);
}

TEST(Programs, TheOldestLoseTheirDetailsFirst) {
  Programs programs;
  const std::string path(1000, 'p'), args(2000, 'a'), environment(3000, 'e');
  const auto make = [&](const char* name) {
    return programs.get(
        {.exepath = name + path, .args = name + args, .environment = environment, .args_bytes = 2002});
  };
  const ProgramRef first = make("1"), second = make("2"), third = make("3"),
                   small = programs.get({.args = "x"});
  const std::uint64_t number = second->number();
  EXPECT_EQ(make("1"), first);  // executed again: the second is the oldest now
  programs.fit(programs.bytes());
  EXPECT_EQ(programs.shortened(), 0U);
  programs.fit(programs.bytes() - 1);
  EXPECT_EQ(programs.shortened(), 1U);
  EXPECT_EQ(second->exepath(), ("2" + path).substr(0, Programs::kExepathKept));
  EXPECT_EQ(second->args(), ("2" + args).substr(0, Programs::kArgsKept));
  EXPECT_TRUE(second->args_truncated());
  EXPECT_NE(second->number(), number);  // it is not what it was
  EXPECT_EQ(second->args_bytes(), 2002U);
  EXPECT_FALSE(second->environment());
  EXPECT_EQ(first->args(), "1" + args);
  EXPECT_FALSE(first->args_truncated());
  EXPECT_NE(make("2"), second);  // which does not say any more what it was
  programs.fit(0);               // as far as it goes
  EXPECT_EQ(programs.shortened(), 3U);
  EXPECT_FALSE(third->environment());
  EXPECT_EQ(small->args(), "x");
  EXPECT_LT(programs.bytes(), 4 * 700U);
}

TEST(Directories, EachIsKeptOnce) {
  Directories directories;
  {
    const DirectoryRef one = directories.get("/srv"), again = directories.get("/srv"),
                       other = directories.get("/");
    EXPECT_EQ(one, again);
    EXPECT_NE(one, other);
    EXPECT_EQ(other->path(), "/");
  }
  EXPECT_EQ(directories.bytes(), 0U);
}

}  // namespace
}  // namespace saker::state
