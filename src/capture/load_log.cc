#include "capture/load_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ranges>

namespace saker::capture {
namespace {

constexpr std::string_view kBegin = "-- BEGIN PROG LOAD LOG --\n";
constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";

std::uint64_t number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  std::uint64_t value = 0;
  if (at != std::string_view::npos) {
    const std::string_view rest = text.substr(at + word.size());
    std::from_chars(rest.data(), rest.data() + rest.size(), value);
  }
  return value;
}

// "12: (85) call bpf_loop#181", perhaps with registers before or after it.
bool is_instruction(std::string_view line) {
  const auto digits = std::ranges::find_if_not(line, [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits != line.begin() && std::string_view(digits, line.end()).starts_with(": (");
}

// Lines that follow the verdict.
bool is_account(std::string_view line) {
  return line.empty() || line.starts_with("processed ") || line.starts_with("verification time ") ||
         line.starts_with("stack depth ") || line.starts_with("insns processed ");
}

}  // namespace

void LoadLog::read_verifier(std::string_view program, std::string_view log) {
  std::vector<std::string_view> lines;
  for (const auto line : std::views::split(log, '\n')) lines.emplace_back(line.begin(), line.end());
  const auto processed = std::ranges::find_if(
      lines.rbegin(), lines.rend(), [](std::string_view line) { return line.starts_with("processed "); });
  if (program != refused_ && processed != lines.rend()) {
    counts_.push_back({.program = std::string(program),
                       .instructions = number_after(*processed, "processed "),
                       .time_us = number_after(log, "verification time ")});
  }
  if (program != refused_) return;
  const auto verdict = std::ranges::find_if_not(lines.rbegin(), lines.rend(), is_account);
  if (verdict == lines.rend()) return;
  refusal_ = fmt::format("program {}: {}", program, *verdict);
  const auto instruction = std::find_if(verdict + 1, lines.rend(), is_instruction);
  if (instruction != lines.rend()) refusal_ += fmt::format(", at {}", *instruction);
  const auto source = std::find_if(verdict + 1, lines.rend(), [](std::string_view line) {
    return line.starts_with("; ") && line.size() > 2;
  });
  if (source != lines.rend()) refusal_ += fmt::format(", of `{}`", source->substr(2));
}

void LoadLog::add(std::string_view message) {
  constexpr std::string_view kOfLibbpf = "libbpf: ", kOfProgram = "prog '";
  if (message.starts_with(kOfLibbpf)) message.remove_prefix(kOfLibbpf.size());
  std::string_view program;
  if (message.starts_with(kOfProgram)) {
    program = message.substr(kOfProgram.size());
    program = program.substr(0, program.find('\''));
  }
  if (message.find("BPF program load failed") != std::string_view::npos) refused_ = program;
  const auto begin = message.find(kBegin);
  if (begin != std::string_view::npos) {
    std::string_view log = message.substr(begin + kBegin.size());
    read_verifier(program, log.substr(0, log.find(kEnd)));
  } else if (first_warning_.empty()) {
    first_warning_ = message.substr(0, message.find('\n'));
  }
}

std::string LoadLog::reason() const { return refusal_.empty() ? first_warning_ : refusal_; }

}  // namespace saker::capture
