// SHA-256, by OpenSSL, which gRPC brings along.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

using Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  Sha256();

  void update(std::string_view data);
  // To be called once, at the end.
  Digest finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// The digest as protobuf has bytes.
inline std::string as_bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
