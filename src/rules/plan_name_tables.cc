#include "rules/plan_name_tables.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace saker::rules {
namespace {

using event::PlanTerms;

constexpr std::size_t kTextsMax = 4096;  // of one program and dimension; beyond, it is left out
constexpr PlanTerms kEvery = ~PlanTerms{0};

// The first eight bytes as a little-endian number.
std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = std::min<std::size_t>(text.size(), 8); i-- > 0;)
    head = head << 8 | static_cast<unsigned char>(text[i]);
  return head;
}

// Paths that a file may be known by though its event does not tell them (a hard link, a bind mount): those
// that any rule compares a file's name with.
std::set<std::string> literal_names(const RuleSet::Program& program) {
  std::set<std::string> names;
  for (const Predicate& predicate : program.predicates) {
    const ValueNode& value = program.values[predicate.left];
    if (value.kind != ValueNode::Kind::kField) continue;
    const std::string_view field = value.field.field->name;
    if (field != "fd.name" && field != "fs.path.name") continue;
    if (predicate.op != Operator::kEq && predicate.op != Operator::kIn &&
        predicate.op != Operator::kIntersects)
      continue;
    for (const std::string& constant : predicate.constants) {
      if (constant.starts_with('/')) names.insert(constant);
    }
  }
  return names;
}

class NameTables {
 public:
  NameTables(TermSet& terms, event::PlanProgram& out)
      : terms_(terms), names_(terms.names()), program_(terms.program()), out_(out), tables_(out.tables) {}

  void fill_opens() {
    if (terms_.looks_at(SAKER_PLAN_RAW)) {
      tables_.raw_plain =
          terms_.at(SAKER_PLAN_RAW, [&](auto predicate) { return names_.by_plain_raw(predicate); });
    }
    if (!terms_.looks_at(SAKER_PLAN_NAME) && !terms_.looks_at(SAKER_PLAN_PATH)) return;
    NamePoints::Asked asked;
    for (const std::uint32_t node : terms_.reached().nodes) {
      if (program_.nodes[node].kind == ConditionNode::Kind::kPredicate)
        names_.collect(program_.nodes[node].entry, asked);
    }
    fill_name(asked, tables_.name, tables_.tail);
    fill_part(SAKER_PLAN_PART_DIRECTORY, tables_.directory, asked.directories,
              [&](auto predicate, const auto& text) { return names_.by_directory(predicate, text); });
    tables_.needs_path = fill_paths(asked);
    fill_tops();
    tables_.literal = 0;
    for (const std::string& path : literal_names(program_))
      tables_.literal |= at_names([&](auto predicate) { return names_.by_whole_name(predicate, path); });
    tables_.too_long =
        at_names([&](auto predicate) { return names_.by_whole_name(predicate, kTooLongName); });
  }

  void fill_text(std::size_t which) {
    which_ = which;
    if (!looks_at(SAKER_PLAN_NAME) && !looks_at(SAKER_PLAN_PATH) && !looks_at(SAKER_PLAN_PIECE)) return;
    saker_plan_text_argument& text = tables_.texts[which];
    text.argument = names_.texts()[which].argument;
    text.base = names_.texts()[which].base;
    NamePoints::Asked asked;
    for (const saker_plan_dimension dimension : {SAKER_PLAN_NAME, SAKER_PLAN_PATH}) {
      for (const std::uint32_t predicate : terms_.predicates_of(dimension_of(dimension, which)))
        names_.collect(predicate, asked);
    }
    fill_name(asked, text.name, text.tail);
    text.needs_path = fill_paths(asked);
    fill_pieces(text);
  }

 private:
  // The table of paths, summed up for all paths with the same first part.
  void fill_tops() {
    std::set<std::string> tops;
    for (const event::PlanPath& path : out_.paths) {
      if (auto top = whole_top(path); !top.empty()) tops.insert(std::move(top));
    }
    if (tops.size() > kTextsMax) return;
    tables_.top.other = terms_of_other_tops();
    TextRows rows;
    for (const std::string& top : tops) rows[key_of(top)] |= terms_of_top(top) | tables_.top.other;
    add_texts(SAKER_PLAN_PART_TOP, tables_.top, rows);
  }
  // "" when the text leaves the first part open.
  static std::string whole_top(const event::PlanPath& path) {
    const std::size_t end = path.text.find('/', 1);
    if (!path.text.starts_with('/') || (end == std::string::npos && !path.whole)) return "";
    return path.text.substr(1, end == std::string::npos ? end : end - 1);
  }
  // The row of the table for a path of which no more than this beginning is in it.
  PlanTerms terms_of_beginning(std::string_view beginning) const {
    const event::PlanPath* longest = nullptr;
    for (const event::PlanPath& path : out_.paths) {
      if (path.whole || !beginning.starts_with(path.text)) continue;
      if (longest == nullptr || path.text.size() > longest->text.size()) longest = &path;
    }
    return longest == nullptr ? kEvery : longest->terms;
  }
  PlanTerms terms_of_top(const std::string& top) const {
    const std::string whole = "/" + top, below = whole + "/";
    PlanTerms terms = terms_of_beginning(whole) | terms_of_beginning(below);
    for (const event::PlanPath& path : out_.paths) {
      if (path.text.starts_with(below) || (path.whole && path.text == whole)) terms |= path.terms;
    }
    return terms;
  }
  PlanTerms terms_of_other_tops() const {
    PlanTerms terms = terms_of_beginning("/");
    for (const event::PlanPath& path : out_.paths) {
      if (!path.whole && path.text.starts_with('/') && path.text.find('/', 1) == std::string::npos)
        terms |= path.terms;
    }
    return terms;
  }

  bool looks_at(saker_plan_dimension dimension) { return terms_.looks_at(dimension_of(dimension, which_)); }
  template <class Decide>
  PlanTerms at(saker_plan_dimension dimension, Decide decide) {
    return terms_.at(dimension_of(dimension, which_), decide);
  }

  // Checks of names are in several dimensions: each table decides all that it can.
  template <class Decide>
  PlanTerms at_names(Decide decide) {
    return at(SAKER_PLAN_NAME, [&](auto predicate) { return decide(predicate); }) &
           at(SAKER_PLAN_PATH, [&](auto predicate) { return decide(predicate); });
  }

  void fill_name(const NamePoints::Asked& asked, saker_plan_part& name, saker_plan_part& tail) {
    fill_part(SAKER_PLAN_PART_NAME, name, asked.names,
              [&](auto predicate, const auto& text) { return names_.by_name(predicate, text); });
    if (!asked.tails.empty())
      fill_part(SAKER_PLAN_PART_TAIL, tail, asked.tails,
                [&](auto predicate, const auto& text) { return names_.by_tail(predicate, text); });
  }

  void fill_pieces(saker_plan_text_argument& text) {
    std::set<std::string> pieces;
    for (const std::uint32_t predicate : terms_.predicates_of(dimension_of(SAKER_PLAN_PIECE, which_)))
      pieces.insert(*names_.piece(predicate));
    std::size_t place = 0;
    for (const std::string& piece : pieces) {
      if (place == SAKER_PLAN_PIECES) break;
      saker_plan_piece& row = text.pieces[place++];
      row.head = head_of(piece);
      row.mask = ~std::uint64_t{0} >> (64 - 8 * piece.size());
      row.without =
          at(SAKER_PLAN_PIECE, [&](auto predicate) { return names_.without_piece(predicate, piece); });
    }
  }

  template <class Decide>
  void fill_part(saker_plan_part_kind kind, saker_plan_part& part, const std::set<std::string>& texts,
                 Decide decide) {
    const auto terms_of = [&](const std::optional<std::string>& text) {
      return at(SAKER_PLAN_NAME, [&](auto predicate) { return decide(predicate, text); });
    };
    if (texts.size() > kTextsMax) return;
    part.other = terms_of(std::nullopt);
    TextRows rows;
    for (const std::string& text : texts) rows[key_of(text)] |= terms_of(text) | part.other;
    add_texts(kind, part, rows);
  }

  using TextRows = std::map<std::pair<std::uint8_t, std::string>, PlanTerms>;
  // Texts that are cut may fall together.
  static std::pair<std::uint8_t, std::string> key_of(const std::string& text) {
    return {static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 255)),
            text.substr(0, SAKER_PLAN_TEXT_BYTES)};
  }
  void add_texts(saker_plan_part_kind kind, saker_plan_part& part, const TextRows& rows) {
    for (const auto& [key, terms] : rows) {
      if (terms == part.other) continue;
      part.lengths |= std::uint64_t{1} << std::min<unsigned>(key.first, 63);
      const std::uint64_t seen = SAKER_PLAN_SEEN(head_of(key.second), std::uint64_t{key.first});
      part.seen[seen / 64] |= std::uint64_t{1} << seen % 64;
      out_.texts.push_back({static_cast<std::uint8_t>(which_), kind, key.first, key.second, terms});
    }
  }

  // Gives the terms that the path may rule out.
  PlanTerms fill_paths(const NamePoints::Asked& asked) {
    if (asked.paths.size() > kTextsMax) return 0;
    auto paths = asked.paths;
    paths.emplace("", false);
    PlanTerms everywhere = kEvery;
    for (const auto& [text, whole] : paths) {
      const PlanTerms terms =
          at(SAKER_PLAN_PATH, [&](auto predicate) { return names_.by_path(predicate, text, whole); });
      everywhere &= terms;
      out_.paths.push_back({static_cast<std::uint8_t>(which_), text, whole, terms});
    }
    return tables_.all & ~everywhere;
  }

  TermSet& terms_;
  const NamePoints& names_;
  const RuleSet::Program& program_;
  event::PlanProgram& out_;
  saker_plan_program& tables_;
  std::size_t which_ = 0;  // of the texts among a call's arguments
};

}  // namespace

void fill_name_tables(TermSet& terms, event::PlanProgram& program) {
  NameTables tables(terms, program);
  if (terms.names().is_open()) return tables.fill_opens();
  for (std::size_t which = 0; which < terms.names().texts().size(); ++which) tables.fill_text(which);
}

}  // namespace saker::rules
