// A task's cgroups in Falco's words: only those of a few controllers, and io by its old name.
#pragma once

#include <string>
#include <string_view>

#include "fields/catalogue.h"

namespace saker::fields {

// name=path of each, with `separator` between them; empty when the event did not bring them.
std::string cgroup_text(const Subject& subject, char separator);

// The path in the hierarchy of one controller, whatever it is; empty when there is none.
std::string_view cgroup_path(const Subject& subject, std::string_view controller);

}  // namespace saker::fields
