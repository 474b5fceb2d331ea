// NameResolver: the addresses of the domain names in rules, asked of the machine's resolver now and then.
//
// A thread of its own asks: name servers are slow, and events wait for nobody. Names that have no address are
// asked again like all others. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "state/domain_names.h"

namespace saker::capture {

// The addresses of one name, 4 or 16 bytes each in network order; none when there are none or nobody answers.
using Lookup = std::function<std::vector<std::string>(const std::string& name)>;
std::vector<std::string> look_up(const std::string& name);

class NameResolver {
 public:
  explicit NameResolver(Lookup lookup = look_up,
                        std::chrono::milliseconds interval = std::chrono::minutes(1));
  // Waits for nobody: an unanswered question is left behind.
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;

  // The names from now on; none ends the asking. The first answers come as soon as all have been asked once.
  void ask(std::vector<std::string> names);

  // The latest complete answers; null before the first.
  std::shared_ptr<const state::DomainNames> answers() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace saker::capture
