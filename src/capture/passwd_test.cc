#include "capture/passwd.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace saker::capture {
namespace {

TEST(ReadUsers, ReadsTheFilesBelowTheHostsRoot) {
  std::string root = testing::TempDir() + "passwdXXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  std::filesystem::create_directories(root + "/etc");
  std::ofstream(root + "/etc/passwd") << "web:x:12345:12345::/srv:/bin/sh\n";

  state::Users users;
  read_users(root, users);  // no group file: names of groups stay unknown
  ASSERT_NE(users.find_user(12345), nullptr);
  EXPECT_EQ(users.find_user(12345)->name, "web");
  EXPECT_EQ(users.users.size(), 1U);
  EXPECT_TRUE(users.groups.empty());

  std::ofstream(root + "/etc/group") << "web:x:54321:\n";
  read_users(root, users);
  ASSERT_NE(users.find_group(54321), nullptr);
  EXPECT_EQ(*users.find_group(54321), "web");
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace saker::capture
