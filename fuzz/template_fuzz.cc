// Output templates and the events of rule tests: any text must be taken apart within bounds, and what was
// understood must render.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/arena.h"
#include "fields/catalogue.h"
#include "rules/output_template.h"
#include "rules/rule_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace saker;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = rules::OutputTemplate::parse(text, fields::syscall_catalogue());
  for (const rules::CompileProblem& problem : parsed.problems) {
    if (problem.span.begin > problem.span.end || problem.span.end > size || problem.message.empty())
      std::abort();
  }
  if (parsed.problems.empty()) {
    event::Event event;
    event.type = event::kExecve;
    event.body = event::Exec();
    fields::Subject subject;
    subject.event = &event;
    Arena arena;
    std::string rendered;
    parsed.output.render(subject, arena, rendered);
  }
  rules::read_event({"event.yaml", text}, fields::syscall_catalogue());
  rules::read_rule_tests({"tests.yaml", text}, fields::syscall_catalogue());
  return 0;
}
