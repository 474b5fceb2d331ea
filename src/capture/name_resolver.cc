#include "capture/name_resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace saker::capture {
namespace {

struct AddressesFree {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

template <class Address>
std::string bytes_of(const Address& address) {
  return {reinterpret_cast<const char*>(&address), sizeof(address)};
}

}  // namespace

std::vector<std::string> look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // each address once
  addrinfo* list = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, AddressesFree> kept(list);
  std::vector<std::string> found;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET) {
      sockaddr_in address;
      std::memcpy(&address, at->ai_addr, sizeof(address));
      found.push_back(bytes_of(address.sin_addr));
    } else if (at->ai_family == AF_INET6) {
      sockaddr_in6 address;
      std::memcpy(&address, at->ai_addr, sizeof(address));
      found.push_back(bytes_of(address.sin6_addr));
    }
  }
  return found;
}

struct NameResolver::Shared {
  Lookup lookup;
  std::chrono::milliseconds interval;

  mutable std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::vector<std::string> names;
  std::uint64_t version = 0;  // of `names`
  std::shared_ptr<const state::DomainNames> answers;
  bool running = false;
  bool stop = false;

  std::shared_ptr<const state::DomainNames> resolve(const std::vector<std::string>& asked) const {
    auto made = std::make_shared<state::DomainNames>();
    for (const std::string& name : asked) {
      for (const std::string& address : lookup(name)) {
        std::vector<std::string>& known = made->by_address[address];
        if (std::ranges::find(known, name) == known.end()) known.push_back(name);
      }
    }
    return made;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stop && !names.empty()) {
      const std::vector<std::string> asked = names;
      const std::uint64_t of_version = version;
      lock.unlock();
      auto made = resolve(asked);
      lock.lock();
      if (version != of_version) continue;
      answers = std::move(made);
      changed.wait_for(lock, interval, [&] { return stop || version != of_version; });
    }
    running = false;
  }
};

NameResolver::NameResolver(Lookup lookup, std::chrono::milliseconds interval)
    : shared_(std::make_shared<Shared>()) {
  shared_->lookup = std::move(lookup);
  shared_->interval = interval;
}

NameResolver::~NameResolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
}

void NameResolver::ask(std::vector<std::string> names) {
  const std::lock_guard lock(shared_->mutex);
  if (names == shared_->names) return;
  shared_->names = std::move(names);
  ++shared_->version;
  if (shared_->names.empty()) shared_->answers = nullptr;
  shared_->changed.notify_all();
  if (shared_->names.empty() || shared_->running) return;
  shared_->running = true;
  std::thread([kept = shared_] { kept->work(); }).detach();
}

std::shared_ptr<const state::DomainNames> NameResolver::answers() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->answers;
}

}  // namespace saker::capture
