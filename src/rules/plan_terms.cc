#include "rules/plan_terms.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "rules/process_facts.h"

namespace saker::rules {
namespace {

using event::PlanTerms;
using Kind = ConditionNode::Kind;

constexpr std::uint32_t bit(saker_plan_dimension dimension) { return 1U << dimension; }

// The nodes of the roots, children first.
std::vector<std::uint32_t> nodes_of(const std::vector<RuleRoot>& roots) {
  std::vector<std::uint32_t> nodes;
  for (const RuleRoot& root : roots) nodes.push_back(root.node);
  return nodes;
}

}  // namespace

TermSet::TermSet(const RuleSet::Program& program, event::TypeId type)
    : program_(program),
      type_(type),
      points_(program, type),
      descriptors_(program, type),
      names_(program, type),
      roots_(program.roots[program.program_of_type[type]]),
      reached_(reach(program, nodes_of(roots_))) {
  leaves_.assign(program.predicates.size(), Truth::kUnknown);
  truths_.assign(program.nodes.size(), Truth::kUnknown);
  dimensions_.assign(program.nodes.size(), 0);
  for (const std::uint32_t predicate : reached_.predicates) leaves_[predicate] = points_.by_type(predicate);
  for (const std::uint32_t node : reached_.nodes) note_dimensions(node);
}

void TermSet::note_dimensions(std::uint32_t number) {
  const ConditionNode& node = program_.nodes[number];
  std::uint32_t& found = dimensions_[number];
  if (node.kind == Kind::kPredicate && leaves_[node.entry] == Truth::kUnknown) {
    found =
        points_.dimensions(node.entry) | descriptors_.dimensions(node.entry) | names_.dimensions(node.entry);
    if (of_process(program_, node.entry)) found |= bit(SAKER_PLAN_PROCESS);
    if (of_parent(program_, node.entry)) found |= bit(SAKER_PLAN_PARENT);
  }
  for (const std::uint32_t child : node.children) found |= dimensions_[child];
}

// Children that all look at the same dimensions are as well off together.
bool TermSet::worth_splitting(const ConditionNode& node) const {
  std::set<std::uint32_t> different;
  for (const std::uint32_t child : node.children) {
    if (truths_[child] == Truth::kFalse) continue;
    if (dimensions_[child] == 0) return false;  // may always be true, then
    different.insert(dimensions_[child]);
  }
  return different.size() > 1 || (!different.empty() && std::popcount(*different.begin()) > 1);
}

// The node as an `or` of at most `budget` conjunctions, without those that are never true.
TermSet::Conjunctions TermSet::expand(std::uint32_t number, std::size_t budget) const {
  const ConditionNode& node = program_.nodes[number];
  if (node.kind == Kind::kOr && budget > 1 && worth_splitting(node)) {
    Conjunctions all;
    for (const std::uint32_t child : node.children) {
      if (truths_[child] == Truth::kFalse) continue;
      for (auto& one : expand(child, budget)) all.push_back(std::move(one));
      if (all.size() > budget) return {{number}};
    }
    return all;
  }
  if (node.kind != Kind::kAnd) return {{number}};
  Conjunctions all = {{}};
  for (const std::uint32_t child : node.children) {
    Conjunctions parts = expand(child, budget / all.size());
    if (all.size() * parts.size() > budget) parts = {{child}};
    Conjunctions product;
    for (const auto& left : all) {
      for (const auto& right : parts) {
        product.push_back(left);
        product.back().insert(product.back().end(), right.begin(), right.end());
      }
    }
    all = std::move(product);
  }
  return all;
}

void TermSet::make_terms(std::size_t budget) {
  std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> rules_of;
  std::vector<std::vector<std::uint32_t>> order;
  evaluate();
  for (const RuleRoot& root : roots_) {
    for (auto& nodes : expand(root.node, budget)) {
      std::ranges::sort(nodes);
      auto& rules = rules_of[nodes];
      if (rules.empty()) order.push_back(nodes);
      if (rules.empty() || rules.back() != root.rule) rules.push_back(root.rule);
    }
  }
  terms_.clear();
  std::erase_if(order, [&](const auto& nodes) { return !may_be(nodes); });
  for (const auto& [equal, unequal] : opposites()) drop_contradictions(order, equal, unequal);
  for (const auto& nodes : order) terms_.push_back({rules_of[nodes], nodes});
  share_bits();
}

// Checks of one value for being something and for not being it.
std::vector<std::pair<std::uint32_t, std::uint32_t>> TermSet::opposites() const {
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> equal;
  const auto is = [&](std::uint32_t number, Operator op) {
    const Predicate& predicate = program_.predicates[number];
    return predicate.op == op && predicate.constants.size() == 1 && predicate.modifier == Modifier::kNone &&
           !predicate.any && !predicate.right && leaves_[number] == Truth::kUnknown;
  };
  const auto key = [&](std::uint32_t number) {
    return std::pair(program_.predicates[number].left, program_.predicates[number].constants[0]);
  };
  for (const std::uint32_t predicate : reached_.predicates) {
    if (is(predicate, Operator::kEq)) equal.emplace(key(predicate), predicate);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
  for (const std::uint32_t predicate : reached_.predicates) {
    if (!is(predicate, Operator::kNe)) continue;
    if (const auto other = equal.find(key(predicate)); other != equal.end())
      found.emplace_back(other->second, predicate);
  }
  return found;
}

// Both at once are never true, though each alone may be: `tcp and not tcp`, by way of two macros.
void TermSet::drop_contradictions(std::vector<std::vector<std::uint32_t>>& terms, std::uint32_t equal,
                                  std::uint32_t unequal) {
  std::vector<bool> possible(terms.size());
  for (const bool is_equal : {true, false}) {
    leaves_[equal] = truth(is_equal);
    leaves_[unequal] = is_equal ? Truth::kFalse : Truth::kUnknown;
    evaluate();
    for (std::size_t i = 0; i < terms.size(); ++i) possible[i] = possible[i] || may_be(terms[i]);
  }
  leaves_[equal] = leaves_[unequal] = Truth::kUnknown;
  evaluate();
  std::size_t i = 0;
  std::erase_if(terms, [&](const auto&) { return !possible[i++]; });
}

// Too many even with one term a rule: some bits stand for several.
void TermSet::share_bits() {
  bits_.resize(terms_.size());
  for (std::size_t i = 0; i < terms_.size(); ++i) bits_[i] = PlanTerms{1} << (i % kTermsMax);
}

void TermSet::evaluate() {
  const auto leaf = [&](const ConditionNode& node) {
    return node.kind == Kind::kPredicate ? leaves_[node.entry] : Truth::kUnknown;
  };
  for (const std::uint32_t node : reached_.nodes)
    truths_[node] = node_truth(program_.nodes[node], truths_, leaf);
}

bool TermSet::may_be(const std::vector<std::uint32_t>& nodes) const {
  return std::ranges::all_of(nodes, [&](std::uint32_t node) { return truths_[node] != Truth::kFalse; });
}

PlanTerms TermSet::possible() {
  evaluate();
  PlanTerms terms = 0;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (may_be(terms_[i].nodes)) terms |= bits_[i];
  }
  return terms;
}

const std::vector<std::uint32_t>& TermSet::predicates_of(saker_plan_dimension dimension) {
  auto& found = by_dimension_[dimension];
  if (!found) {
    found.emplace();
    for (const std::uint32_t node : reached_.nodes) {
      if (program_.nodes[node].kind == Kind::kPredicate && (dimensions_[node] & bit(dimension)) != 0)
        found->push_back(program_.nodes[node].entry);
    }
  }
  return *found;
}

}  // namespace saker::rules
