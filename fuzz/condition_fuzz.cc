// parse_condition() and compile_condition() on any text: they must end within their limits, point inside the
// text, and a copy of a tree must print like it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fields/catalogue.h"
#include "rules/compile.h"
#include "rules/condition_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace saker::rules;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_operand_prefix(text);
  const Parsed parsed = parse_condition(text);
  if ((parsed.tree == nullptr) != (parsed.problems.size() == 1)) std::abort();
  for (const ParseProblem& problem : parsed.problems) {
    if (problem.begin > problem.end || problem.end > size || problem.message.empty()) std::abort();
  }
  if (!parsed.tree) return 0;

  if (print(*clone(*parsed.tree)) != print(*parsed.tree)) std::abort();
  const CompileResult compiled = compile_condition(*parsed.tree, saker::fields::syscall_catalogue());
  if ((compiled.condition == nullptr) != !compiled.problems.empty()) std::abort();
  for (const CompileProblem& problem : compiled.problems) {
    if (problem.span.begin > problem.span.end || problem.span.end > size || problem.message.empty())
      std::abort();
  }
  return 0;
}
