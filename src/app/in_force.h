// From what was loaded to what is in force, and how to speak of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/config.h"
#include "app/revision.h"
#include "observe/agent_state.h"

namespace saker::app {

// What the kernel is to send for the rules. Takes some ten milliseconds for a hundred of them.
std::shared_ptr<const rules::Plan> make_plan(const Config& config, const LoadedRules& loaded);

std::shared_ptr<const Revision> make_revision(std::uint64_t number, const Config& config,
                                              const LoadedRules& loaded,
                                              std::shared_ptr<const rules::Plan> plan,
                                              std::shared_ptr<const alert::Outputs> outputs);

observe::InForce in_force(const Revision& revision, const Config& config, const LoadedRules& loaded);

// Keys whose change a reload cannot follow.
std::vector<std::string> needs_restart(const Config& before, const Config& now);

}  // namespace saker::app
