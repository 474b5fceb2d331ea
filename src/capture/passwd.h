// The host's users and groups, from its files: the agent runs in a container whose own files say nothing of
// the host, so the C library cannot be asked.
#pragma once

#include <string>

#include "state/users.h"

namespace saker::capture {

// Reads HOST_ROOT/etc/passwd and /etc/group into `into`. Files that cannot be read leave their names unknown.
void read_users(const std::string& host_root, state::Users& into);

}  // namespace saker::capture
