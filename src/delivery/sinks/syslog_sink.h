// A syslog server over TCP or UDP: RFC 5424, over TCP with a newline after each message (RFC 6587).
//
// Syslog has no acknowledgement: delivered means that the kernel took it, and over TCP that the server had
// not closed the connection before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "delivery/sink.h"
#include "spool/event.h"

namespace saker::delivery {

struct SyslogOptions {
  std::string host{};
  std::uint16_t port = 514;
  bool tcp = true;
  bool cef = false;  // ArcSight's Common Event Format, else the event's JSON
};

std::string syslog_message(const SyslogOptions& options, const spool::Event& event, std::string_view line);
std::unique_ptr<Sink> make_syslog_sink(SyslogOptions options);

}  // namespace saker::delivery
