#include "rules/plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "event/schema.h"
#include "rules/plan_groups.h"
#include "rules/process_facts.h"
#include "rules/rule_program.h"

namespace saker::rules {
namespace {

using event::PlanTerms;
using Json = nlohmann::json;

constexpr std::size_t kShown = 6;

bool met(PlanTerms terms, std::size_t term) { return (terms >> (term % 64) & 1U) != 0; }

// The names of the points that a term lets through; nothing when it is all of them.
template <class Table, class Name>
Json points(const Table& table, std::size_t term, std::size_t first, Name name) {
  Json through = Json::array();
  std::size_t count = 0;
  for (std::size_t i = first; i < std::size(table); ++i) {
    if (!met(table[i], term)) continue;
    ++count;
    through.push_back(name(i));
  }
  return count == std::size(table) - first ? Json() : through;
}

std::string mode_name(std::size_t mode) {
  std::string name = (mode & SAKER_PLAN_FAILED) != 0 ? "failed" : "ok";
  if ((mode & SAKER_PLAN_READS) != 0) name += "+read";
  if ((mode & SAKER_PLAN_WRITES) != 0) name += "+write";
  if ((mode & SAKER_PLAN_TRUNCATES) != 0) name += "+trunc";
  if ((mode & SAKER_PLAN_CREATES) != 0) name += "+create";
  return name;
}
std::string task_name(std::size_t task) {
  return fmt::format("{}, {}", (task & SAKER_PLAN_ROOT) != 0 ? "root" : "not root",
                     (task & SAKER_PLAN_TERMINAL) != 0 ? "terminal" : "no terminal");
}
std::string_view kind_name(std::size_t kind) {
  constexpr std::string_view kNames[] = {"unknown",    "file",    "directory",     "pipe",       "unix",
                                         "tcp4",       "udp4",    "tcp6",          "udp6",       "other ipv4",
                                         "other ipv6", "netlink", "other sockets", "other files"};
  return kNames[kind];
}

// What one side of a pair may be for the term to be met, in words; nothing when it may be anything.
template <class Words>
Json side(const event::PlanPairs& pairs, saker_plan_pair pair, bool first, std::size_t term, Words words) {
  const auto& terms = pairs.tables.terms[pair];
  const unsigned groups = pairs.groups[pair];
  Json through = Json::array();
  bool all = true;
  for (unsigned group = 1; group < groups; ++group) {
    bool passes = false;
    for (unsigned other = 1; other < groups; ++other)
      passes = passes || met(first ? terms[group][other] : terms[other][group], term);
    all = all && passes;
    if (!passes) continue;
    for (const std::string& word : words(group)) through.push_back(word);
  }
  return all ? Json() : through;
}

// The values of a part that the term lets through; nothing when others pass as well.
Json part(const event::PlanProgram& program, std::size_t term, saker_plan_part_kind kind,
          const saker_plan_part& table, std::size_t which = 0) {
  if (met(table.other, term)) return {};
  Json through = Json::array();
  for (const event::PlanText& text : program.texts) {
    if (text.which == which && text.part == kind && met(text.terms, term)) through.push_back(text.text);
  }
  return through;
}

// The beginnings and whole paths that the term lets through; nothing when others pass as well.
Json paths(const event::PlanProgram& program, std::size_t term, PlanTerms needs_path, std::size_t which = 0) {
  if (!met(needs_path, term)) return {};
  Json through = Json::array();
  for (const event::PlanPath& path : program.paths) {
    if (path.which == which && met(path.terms, term)) through.push_back(path.text + (path.whole ? "" : "*"));
  }
  return through;
}

void put(Json& into, const std::string& name, Json value) {
  if (!value.is_null()) into[name] = std::move(value);
}

std::string_view parameter_name(event::TypeId type, std::uint32_t argument) {
  const auto& parameters = event::find_schema(type)->parameters;
  const auto found = std::ranges::find_if(parameters, [&](const event::Parameter& parameter) {
    return parameter.collect == SAKER_ARGUMENT_STRING && parameter.argument == argument;
  });
  return found == parameters.end() ? std::string_view() : found->name;
}

// What the texts among the arguments of a call must be.
void put_texts(Json& into, const event::PlanProgram& program, std::size_t term, event::TypeId type) {
  for (std::size_t which = 0; which < SAKER_PLAN_TEXT_ARGUMENTS; ++which) {
    const saker_plan_text_argument& text = program.tables.texts[which];
    if (text.argument == SAKER_PLAN_NO_ARGUMENT) continue;
    const std::string name(parameter_name(type, text.argument));
    put(into, name + "'s name", part(program, term, SAKER_PLAN_PART_NAME, text.name, which));
    put(into, name + " ends with", part(program, term, SAKER_PLAN_PART_TAIL, text.tail, which));
    put(into, name, paths(program, term, text.needs_path, which));
    Json pieces = Json::array();
    for (const saker_plan_piece& piece : text.pieces) {
      if (met(piece.without, term)) continue;
      std::string bytes;
      for (unsigned at = 0; at < 8 && (piece.mask >> 8 * at) != 0; ++at)
        bytes += static_cast<char>(piece.head >> 8 * at & 0xff);
      pieces.push_back(std::move(bytes));
    }
    if (!pieces.empty()) put(into, name + " has", std::move(pieces));
  }
}

void collect_process_fields(const RuleSet::Program& program, std::uint32_t node, std::set<std::string>& own,
                            std::set<std::string>& parents) {
  const ConditionNode& at = program.nodes[node];
  if (at.kind == ConditionNode::Kind::kPredicate) {
    const ValueNode& value = program.values[program.predicates[at.entry].left];
    const std::string name =
        value.kind == ValueNode::Kind::kField ? value.field.text() : std::string("a transformed value");
    if (of_process(program, at.entry)) own.insert(name);
    if (of_parent(program, at.entry)) parents.insert(name);
  }
  for (const std::uint32_t child : at.children) collect_process_fields(program, child, own, parents);
}

Json term_json(const RuleSet& rules, const PlanTerm& term, std::size_t number,
               const event::PlanProgram& program, event::TypeId type) {
  const bool open = type >= event::kOpen && type <= event::kOpenByHandleAt;
  const saker_plan_program& t = program.tables;
  Json asks = Json::object();
  const Json where = points(t.scope, number, 1, [](std::size_t scope) {
    return scope == SAKER_SCOPE_HOST ? "host" : scope == SAKER_SCOPE_CONTAINER ? "container" : "undecided";
  });
  put(asks, "scope", where);
  // Of a call there are fewer modes, and of an open fewer kinds.
  put(asks, "mode", points(std::span(t.mode).first(open ? SAKER_PLAN_MODES : 2), number, 0, mode_name));
  put(asks, "task", points(t.task, number, 0, task_name));
  const std::size_t kinds = open ? SAKER_PLAN_KIND_DIRECTORY + 1 : SAKER_PLAN_KIND_OTHER + 1;
  put(asks, "descriptor",
      points(std::span(t.kind).first(kinds), number, open ? SAKER_PLAN_KIND_FILE : SAKER_PLAN_KIND_DIRECTORY,
             kind_name));
  if (program.pairs) {
    const event::PlanPairs& pairs = *program.pairs;
    const auto users = [&](unsigned group) { return range_texts(pairs.tables.users, group); };
    const auto ports = [&](unsigned group) { return range_texts(pairs.tables.ports, group); };
    const auto networks = [&](unsigned group) {
      std::vector<std::string> texts;
      for (const event::PlanNetwork& network : pairs.networks) {
        if (network.group == group) texts.push_back(network_text(network));
      }
      return texts;
    };
    put(asks, "user id", side(pairs, SAKER_PAIR_USER, true, number, users));
    put(asks, "login id", side(pairs, SAKER_PAIR_USER, false, number, users));
    put(asks, "local address", side(pairs, SAKER_PAIR_ADDRESS, true, number, networks));
    put(asks, "remote address", side(pairs, SAKER_PAIR_ADDRESS, false, number, networks));
    put(asks, "local port", side(pairs, SAKER_PAIR_PORT, true, number, ports));
    put(asks, "remote port", side(pairs, SAKER_PAIR_PORT, false, number, ports));
  }
  for (std::size_t i = 0; i < SAKER_PLAN_ARGUMENTS; ++i) {
    if (t.argument_of[i] == SAKER_PLAN_NO_ARGUMENT) continue;
    const std::string name =
        t.argument_of[i] == SAKER_RESULT ? "result" : fmt::format("argument {}", t.argument_of[i]);
    put(asks, name, points(t.argument[i], number, 0, [](std::size_t value) { return value; }));
  }
  for (const saker_plan_flags& flags : t.flags) {
    if (flags.bits != 0 && !met(flags.without, number))
      asks[fmt::format("argument {} has", flags.argument)] = fmt::format("{:#x}", flags.bits);
  }
  if (!met(t.raw_plain, number)) asks["raw"] = "..";
  put(asks, "name", part(program, number, SAKER_PLAN_PART_NAME, t.name));
  put(asks, "directory", part(program, number, SAKER_PLAN_PART_DIRECTORY, t.directory));
  put(asks, "name ends with", part(program, number, SAKER_PLAN_PART_TAIL, t.tail));
  put(asks, "path", paths(program, number, t.needs_path));
  put_texts(asks, program, number, type);
  std::set<std::string> own, parents;
  for (const std::uint32_t node : term.nodes) collect_process_fields(rules.program(), node, own, parents);
  if (!own.empty()) asks["process"] = own;
  if (!parents.empty()) asks["parent"] = parents;
  Json names = Json::array();
  for (const std::uint32_t rule : term.rules) names.push_back(rules.rules()[rule].rule.name);
  if (names.empty()) names.push_back("(who began a connection, for rules on other calls)");
  return {{"rules", names}, {"asks", asks}};
}

std::string short_list(const Json& items) {
  if (!items.is_array()) return items.is_string() ? items.get<std::string>() : items.dump();
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), kShown); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : " ",
                        items[i].is_string() ? items[i].get<std::string>() : items[i].dump());
  if (items.size() > kShown) text += fmt::format(" and {} more", items.size() - kShown);
  return items.empty() ? "nothing" : text;
}

bool is_about_actor(saker_plan_dimension dimension) {
  return dimension >= SAKER_PLAN_TASK && dimension <= SAKER_PLAN_PARENT;
}

std::vector<saker_plan_dimension> asking_order(const saker_plan_program& tables) {
  std::vector<saker_plan_dimension> order;
  for (unsigned dimension = 0; dimension < SAKER_PLAN_DIMENSIONS; ++dimension)
    order.push_back(static_cast<saker_plan_dimension>(dimension));
  if (tables.names_first != 0) {
    const auto actor = std::ranges::find_if(order, is_about_actor);
    const auto path = std::ranges::find(order, SAKER_PLAN_PATH);
    std::rotate(actor, std::find_if_not(actor, path, is_about_actor), path);
  }
  return order;
}

}  // namespace

Json plan_json(const RuleSet& rules, const Plan& plan) {
  Json programs = Json::array();
  for (std::size_t i = 0; i < plan.programs.size(); ++i) {
    const PlannedProgram& planned = plan.programs[i];
    if (planned.types.empty()) continue;
    Json types = Json::array(), dimensions = Json::array(), terms = Json::array();
    for (const event::TypeId type : planned.types) types.push_back(event::type_name(type));
    for (const saker_plan_dimension dimension : asking_order(plan.filter.programs[i].tables)) {
      if ((planned.dimensions >> dimension & 1U) != 0) dimensions.push_back(dimension_name(dimension));
    }
    const event::TypeId type = planned.types.front();
    for (std::size_t term = 0; term < planned.terms.size(); ++term)
      terms.push_back(term_json(rules, planned.terms[term], term, plan.filter.programs[i], type));
    programs.push_back({{"program", i}, {"events", types}, {"dimensions", dimensions}, {"terms", terms}});
  }
  return programs;
}

std::string plan_text(const Json& plan) {
  std::string text;
  for (const Json& program : plan) {
    text += fmt::format(
        "{}\n  asked: {}\n", short_list(program["events"]), program["dimensions"].empty() ? "nothing" : [&] {
          std::string all;
          for (const Json& dimension : program["dimensions"])
            all += (all.empty() ? "" : ", ") + dimension.get<std::string>();
          return all;
        }());
    std::size_t number = 0;
    for (const Json& term : program["terms"]) {
      text += fmt::format("  {:2} {}\n", number++, short_list(term["rules"]));
      for (const auto& [name, value] : term["asks"].items())
        text += fmt::format("       {}: {}\n", name, short_list(value));
    }
  }
  return text;
}

}  // namespace saker::rules
