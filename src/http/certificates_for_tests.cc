#include "http/certificates_for_tests.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace saker::http {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<std::FILE, Free>;

void extend(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate make(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  Certificate made(X509_new());
  X509_set_version(made.get(), 2);
  unsigned int serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), static_cast<long>(serial >> 1));
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer != nullptr ? issuer : made.get()));
  if (issuer == nullptr) {
    extend(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  } else {
    extend(made.get(), issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  }
  X509_sign(made.get(), issuer_key, EVP_sha256());
  return made;
}

void write(const std::string& path, X509* certificate, EVP_PKEY* key) {
  // A renewed certificate is another file, as a mounted secret's is.
  const std::string fresh = path + ".new";
  {
    const File file(std::fopen(fresh.c_str(), "w"));
    if (certificate != nullptr) PEM_write_X509(file.get(), certificate);
    if (key != nullptr) PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  }
  std::filesystem::rename(fresh, path);
}

}  // namespace

struct TestCertificates::Authority {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate = make("test authority", key.get(), nullptr, key.get());
};

TestCertificates::TestCertificates() : authority_(new Authority) {
  std::string pattern = std::filesystem::temp_directory_path() / "saker-certificates-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  write(ca(), authority_->certificate.get(), nullptr);
  issue("server");
  issue("client");
}

TestCertificates::~TestCertificates() {
  std::filesystem::remove_all(folder_);
  delete authority_;
}

void TestCertificates::issue(const std::string& who) {
  const Key key_made(EVP_EC_gen("P-256"));
  const Certificate made =
      make(who.c_str(), key_made.get(), authority_->certificate.get(), authority_->key.get());
  write(key(who), nullptr, key_made.get());
  write(certificate(who), made.get(), nullptr);
}

}  // namespace saker::http
