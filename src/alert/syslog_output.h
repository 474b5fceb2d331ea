// SyslogOutput: each line to the system log, facility daemon, with the alert's severity.
//
// Speaks to the log's datagram socket itself (RFC 3164, as glibc's syslog() writes it), because syslog() says
// nothing about a line that went nowhere.
#pragma once

#include <string>

#include "alert/output.h"
#include "base/fd.h"

namespace saker::alert {

class SyslogOutput final : public Output {
 public:
  explicit SyslogOutput(std::string socket_path = "/dev/log") : path_(std::move(socket_path)) {}

  Delivery write(const Message& message) override;

 private:
  // The errno of what failed, or 0.
  int send(const std::string& line);

  std::string path_;
  UniqueFd socket_;
};

}  // namespace saker::alert
