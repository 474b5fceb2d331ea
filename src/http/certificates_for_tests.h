// Certificates made for one test run: an authority, a server "localhost", a client.
#pragma once

#include <string>

namespace saker::http {

class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string ca() const { return folder_ + "/ca.pem"; }
  std::string certificate(const std::string& who) const { return folder_ + "/" + who + ".pem"; }
  std::string key(const std::string& who) const { return folder_ + "/" + who + ".key"; }

  // Makes (or makes again) the certificate of `who`, for the name "localhost" and the address 127.0.0.1.
  void issue(const std::string& who);

 private:
  struct Authority;
  Authority* authority_;
  std::string folder_;
};

}  // namespace saker::http
