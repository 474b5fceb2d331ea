// What the configuration says of the filter plan.
#pragma once

#include <vector>

#include "event/types.h"

namespace saker::app {

struct PlanOptions {
  bool enabled = true;            // false: only host or container is asked for in the kernel
  bool compare = false;           // send what the plan rules out too, and see that no rule matches it
  bool drop_failed_exit = false;  // calls that failed are not sent
  std::vector<event::TypeId> always = {};  // sent whatever the rules say
  std::vector<event::TypeId> never = {};   // not sent whatever the rules say (base_syscalls: !name)
};

}  // namespace saker::app
