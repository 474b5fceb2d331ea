#include "rules/node_walk.h"

namespace saker::rules {

Reached reach(const RuleSet::Program& program, std::vector<std::uint32_t> roots) {
  std::vector<bool> seen(program.nodes.size()), asked(program.predicates.size());
  while (!roots.empty()) {
    const std::uint32_t node = roots.back();
    roots.pop_back();
    if (seen[node]) continue;
    seen[node] = true;
    const auto& children = program.nodes[node].children;
    roots.insert(roots.end(), children.begin(), children.end());
  }
  Reached reached;
  for (std::uint32_t node = 0; node < seen.size(); ++node) {
    if (!seen[node]) continue;
    reached.nodes.push_back(node);
    if (program.nodes[node].kind == ConditionNode::Kind::kPredicate) asked[program.nodes[node].entry] = true;
  }
  for (std::uint32_t i = 0; i < asked.size(); ++i) {
    if (asked[i]) reached.predicates.push_back(i);
  }
  return reached;
}

}  // namespace saker::rules
