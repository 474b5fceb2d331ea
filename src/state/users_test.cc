#include "state/users.h"

#include <gtest/gtest.h>

namespace saker::state {
namespace {

TEST(Users, PasswdRows) {
  Users users;
  parse_passwd(
      "root:x:0:0:root:/root:/bin/bash\n"
      "toor:x:0:0:second root:/:/bin/sh\n"
      "# a comment\nbroken:x\nname:x:notanumber:0::/:/\nbig:x:4294967296:0::/:/\n"
      "last:x:1000:1000:,,,:/home/last:/bin/zsh",
      users);
  ASSERT_EQ(users.users.size(), 2U);
  EXPECT_EQ(users.find_user(0)->name, "root");
  EXPECT_EQ(users.find_user(1000)->home, "/home/last");
  EXPECT_EQ(users.find_user(1000)->shell, "/bin/zsh");
  EXPECT_EQ(users.find_user(7), nullptr);
}

TEST(Users, GroupRows) {
  Users users;
  parse_group("root:x:0:\nadm:x:4:syslog,last\nbroken\n", users);
  ASSERT_NE(users.find_group(4), nullptr);
  EXPECT_EQ(*users.find_group(4), "adm");
  EXPECT_EQ(users.find_group(5), nullptr);
}

}  // namespace
}  // namespace saker::state
