// What rules name literally: files, and hosts. Whoever looks them up ahead knows a file under any name, and a
// host by its addresses.
#pragma once

#include <string>
#include <vector>

#include "rules/rule_set.h"

namespace saker::rules {

// Absolute paths that a condition compares a file's name with by =, in or intersects; sorted, each once.
// Paths below /proc and /sys are left out: their files have no other names.
std::vector<std::string> literal_paths(const RuleSet& rules);

// The same of domain names (fd.sip.name and its kin).
std::vector<std::string> literal_domains(const RuleSet& rules);

}  // namespace saker::rules
