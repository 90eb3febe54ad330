#include "sha256.h"

#include <stdexcept>

namespace {

// OpenSSL fails here if it is out of memory, or was built without SHA-256.
void check(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL cannot make a SHA-256");
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ == nullptr ? 0 : EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::string_view data) {
  check(EVP_DigestUpdate(context_.get(), data.data(), data.size()));
}

Digest Sha256::finish() {
  Digest digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return digest;
}
