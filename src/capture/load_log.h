// LoadLog: what libbpf and the kernel's verifier say while the probe is loaded.
//
// libbpf tells why a load failed, and what the verifier counted, only as text for people. This picks out
// which program was refused, the verifier's verdict, the instruction and the line of source that it was given
// for; and of the programs that were taken, how much there was to verify. The texts are those of libbpf 1.x
// and of Linux 5.8 to 7.x.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace saker::capture {

struct VerifierCounts {
  std::string program;
  std::uint64_t instructions = 0;  // followed by the verifier, over all paths
  std::uint64_t time_us = 0;
};

class LoadLog {
 public:
  // One message of libbpf, of any number of lines: a warning, or what the verifier said.
  void add(std::string_view message);

  // Of each program that was told to log its counts (log level 4), in the order of loading.
  const std::vector<VerifierCounts>& counts() const { return counts_; }

  // Why it failed, in one line without newline; "" when nothing was said.
  std::string reason() const;

 private:
  void read_verifier(std::string_view program, std::string_view log);

  std::vector<VerifierCounts> counts_;
  std::string refused_;  // the program
  std::string refusal_;
  std::string first_warning_;
};

}  // namespace saker::capture
