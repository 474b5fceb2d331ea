#include <fmt/format.h>

#include "app/commands.h"
#include "capture/diagnosis.h"

namespace saker::app {

int command_doctor() {
  const capture::Diagnosis diagnosis = capture::diagnose();
  for (const capture::Check& check : diagnosis.checks) {
    std::string_view mark = "ok";
    if (check.verdict == capture::Check::Verdict::kWarning) mark = "warning";
    if (check.verdict == capture::Check::Verdict::kFailed) mark = "MISSING";
    fmt::print("{:8} {:17} {}\n", mark, check.name, check.sentence);
  }
  if (const capture::Check* failure = diagnosis.first_failure()) {
    fmt::print("saker cannot run here: {}\n", failure->sentence);
    return kExitNoProbe;
  }
  fmt::print("saker can run here\n");
  return kExitGood;
}

}  // namespace saker::app
