// The part of a program's condition trees that lies below some of its nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/rule_program.h"

namespace saker::rules {

struct Reached {
  std::vector<std::uint32_t> nodes;       // ascending, so children come before those who have them
  std::vector<std::uint32_t> predicates;  // what the leaves among them ask; ascending, each once
};

// `roots` are indexes of program.nodes, and are reached themselves.
Reached reach(const RuleSet::Program& program, std::vector<std::uint32_t> roots);

}  // namespace saker::rules
