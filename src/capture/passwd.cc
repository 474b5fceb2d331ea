#include "capture/passwd.h"

#include "base/file.h"

namespace saker::capture {

void read_users(const std::string& host_root, state::Users& into) {
  if (const auto users = read_file(host_root + "/etc/passwd")) state::parse_passwd(*users, into);
  if (const auto groups = read_file(host_root + "/etc/group")) state::parse_group(*groups, into);
}

}  // namespace saker::capture
