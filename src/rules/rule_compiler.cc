#include "rules/rule_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/append_output.h"
#include "rules/compile.h"
#include "rules/condition_parser.h"
#include "rules/deprecated_uses.h"

namespace saker::rules {
namespace {

// More event types than this cost speed enough to say so.
constexpr std::size_t kEventTypesMax = 100;
constexpr std::string_view kContainerInfo = "%container.info";

}  // namespace

// One rule in one pass.
class RuleCompiler::Job {
 public:
  Job(RuleCompiler& compiler, const CollectedRule& rule, Macros& macros, ListExpansion& lists,
      Findings& findings)
      : compiler_(compiler),
        rule_(rule),
        macros_(macros),
        lists_(lists),
        findings_(findings),
        owner_{{"rule", rule.rule.name, rule.place}} {}

  void run(State& state) {
    if (rule_.broken || rule_.unknown_source) {
      state = {};
      return;
    }
    NodePtr tree = parse();
    if (!tree) {
      state = {};
      return;
    }
    make_template();
    const Rule& rule = rule_.rule;
    std::string canonical = print(*tree);
    std::string key = fmt::format("{}\n{}\n{}{}", canonical, template_.text(), rule.skip_if_unknown_filter,
                                  rule.warn_evttypes);
    if (key == state.key) return;
    state.key = std::move(key);
    state.compiled = compile(*tree);
    state.compiled.canonical = std::move(canonical);
    if (compiler_.options_.keep_details) {
      state.compiled.tree = std::move(tree);
      state.compiled.macros.emplace_back();
      for (const CollectedMacro& macro : compiler_.collection_.macros())
        state.compiled.macros.push_back(macro.name);
    }
  }

 private:
  NodePtr parse() {
    text_ = with_exceptions(rule_.condition, rule_.exceptions);
    if (!lists_.expand(text_)) {
      report(Code::kErrCompileCondition, "the condition is too long once its lists are filled in",
             text_.place(0, 1), {});
      return nullptr;
    }
    Parsed parsed = parse_condition(text_.text(), 0);
    report_parse_problems(parsed.problems, text_, owner_, findings_);
    if (!parsed.tree || !macros_.insert(parsed.tree, text_, owner_)) return nullptr;
    return std::move(parsed.tree);
  }

  void make_template() {
    template_ = rule_.output;
    own_output_ = template_.size();
    for (std::size_t at = find_info(); at != std::string::npos; at = find_info()) {
      report(Code::kDeprecatedItem, "%container.info is an old form and prints nothing",
             template_.place(at, at + kContainerInfo.size()), "name the container fields you want");
      template_.erase(at, at + kContainerInfo.size());
      own_output_ -= kContainerInfo.size();
    }
    const std::string more =
        appended_output(rule_.rule, compiler_.options_.append_output, compiler_.catalogue_);
    template_.append(more, rule_.output.place(0, rule_.output.size()));
  }
  std::size_t find_info() const { return template_.text().find(kContainerInfo); }

  Compiled compile(const Node& tree) {
    Compiled made;
    CompileResult result = compile_condition(tree, compiler_.catalogue_);
    OutputTemplate::Parsed output = OutputTemplate::parse(template_.text(), compiler_.catalogue_);
    if (leaves_out(result, output)) return made;
    for (const CompileProblem& problem : result.problems) report(Code::kErrCompileCondition, problem);
    for (const CompileProblem& problem : result.warnings) report(Code::kCompileCondition, problem);
    for (const CompileProblem& use : deprecated_uses(tree, compiler_.catalogue_))
      report(Code::kDeprecatedItem, use);
    for (const CompileProblem& problem : output.problems) report_output(Code::kErrCompileOutput, problem);
    if (!result.problems.empty() || !output.problems.empty() || !result.condition) return made;
    warn_output(output.output);
    if (rule_.rule.warn_evttypes && result.event_types.size() > kEventTypesMax) {
      report(Code::kNoEvttype,
             fmt::format("the condition may match {} event types", result.event_types.size()), rule_.place,
             "restrict it with evt.type");
    }
    made.usable = true;
    made.condition = std::move(result.condition);
    made.event_types = std::move(result.event_types);
    made.output = std::move(output.output);
    return made;
  }

  // skip-if-unknown-filter: everything wrong is something unknown, so the rule goes without an error.
  bool leaves_out(const CompileResult& result, const OutputTemplate::Parsed& output) {
    if (!rule_.rule.skip_if_unknown_filter) return false;
    if (result.problems.empty() && output.problems.empty()) return false;
    if (!std::ranges::all_of(result.problems, &CompileProblem::unknown_filter)) return false;
    if (result.problems.empty()) {
      report_output(Code::kUnknownFilter, output.problems.front());
    } else {
      report(Code::kUnknownFilter, result.problems.front());
    }
    return true;
  }

  void warn_output(const OutputTemplate& output) {
    for (const fields::FieldRef& ref : output.fields()) {
      if ((ref.field->flags & fields::kDeprecated) == 0) continue;
      report(Code::kDeprecatedItem, fmt::format("field '{}' is deprecated", ref.field->name),
             rule_.output.place(0, rule_.output.size()), {});
    }
  }

  void report(Code code, std::string message, Place place, std::string hint) {
    findings_.push_back({code, std::move(message), std::move(hint), place, owner_});
  }

  void report(Code code, const CompileProblem& problem) {
    const std::uint32_t source = problem.span.source;
    auto context = owner_;
    if (source != 0) context.push_back({"macro", macros_.macro(source).name, macros_.macro(source).place});
    const LocatedText& text = source == 0 ? text_ : macros_.text(source);
    findings_.push_back({code, problem.message, did_you_mean(problem.suggestion),
                         text.place(problem.span.begin, problem.span.end), in_expression(context, text)});
  }

  void report_output(Code code, const CompileProblem& problem) {
    auto context = owner_;
    const bool own = problem.span.begin < own_output_;
    context.push_back({own ? "output" : "append_output", "", rule_.output.place(0, 1)});
    findings_.push_back({code, problem.message, did_you_mean(problem.suggestion),
                         template_.place(problem.span.begin, problem.span.end), std::move(context)});
  }

  RuleCompiler& compiler_;
  const CollectedRule& rule_;
  Macros& macros_;
  ListExpansion& lists_;
  Findings& findings_;
  std::vector<Enclosing> owner_;
  LocatedText text_;      // the condition, exceptions and lists filled in
  LocatedText template_;  // the output with what the configuration appends
  std::size_t own_output_ = 0;
};

void RuleCompiler::pass(Findings& findings) {
  std::vector<ListDefinition> definitions;
  for (const CollectedList& list : collection_.lists()) definitions.push_back(list.definition);
  ListExpansion lists(definitions);
  Macros macros(collection_, later_, lists, findings);
  rules_.resize(collection_.rules().size());
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    Job(*this, collection_.rules()[i], macros, lists, findings).run(rules_[i]);
  }
  lists_used_ = lists.used();
  macros_used_.assign(collection_.macros().size(), false);
  for (std::size_t i = 0; i < macros_used_.size(); ++i) macros_used_[i] = macros.used(i);
}

void RuleCompiler::warn_unused(Findings& findings) const {
  for (std::size_t i = 0; i < lists_used_.size(); ++i) {
    const CollectedList& list = collection_.lists()[i];
    if (lists_used_[i]) continue;
    findings.push_back({Code::kUnusedList,
                        fmt::format("list '{}' is used nowhere", list.definition.name),
                        {},
                        list.place,
                        {{"list", list.definition.name, list.place}}});
  }
  for (std::size_t i = 0; i < macros_used_.size(); ++i) {
    const CollectedMacro& macro = collection_.macros()[i];
    if (macros_used_[i]) continue;
    findings.push_back({Code::kUnusedMacro,
                        fmt::format("macro '{}' is used nowhere", macro.name),
                        {},
                        macro.place,
                        {{"macro", macro.name, macro.place}}});
  }
}

}  // namespace saker::rules
