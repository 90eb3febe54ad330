// The image store: `image-uploader serve` keeps images, `image-uploader put FILE` uploads one.
//
// It is the program of solutions/image-uploader in C++: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server does with a stream is in service.cc,
// what becomes of one upload on the disk is in upload.cc, what the client sends is in client.cc.

#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "arguments.h"
#include "client.h"
#include "common/program.h"
#include "common/server.h"
#include "disk.h"
#include "inspect.h"
#include "service.h"
#include "workers.h"

namespace {

// ANCHOR: windows
// How many bytes of an upload may be on their way that the server has not read yet. gRPC would let
// this grow to what it finds that the connection carries: over loopback many MiB, all of them in
// vain if the upload is refused, and in memory, once for each upload, if the disk is slow.
constexpr int kWindow = 256 * 1024;
// ANCHOR_END: windows

Outcome serve(const Arguments& args) {
  block_signals();
  try {
    Disk disk(args.store);
    Workers workers;
    Images images(disk, workers, args.quota);
    Inspect inspect(disk);
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindow);
    builder.RegisterService(&images);
    builder.RegisterService(&inspect);
    return ::serve(args.listen, builder);
  } catch (const std::filesystem::filesystem_error& error) {
    return std::unexpected(
        Failure{1, "cannot keep images in " + args.store + ": " + error.code().message()});
  }
}

Outcome print(const std::string& name, const std::expected<Image, Failure>& stored) {
  if (!stored) return std::unexpected(stored.error());
  std::cout << name << ": " << stored->size << " bytes, sha256 ";
  for (const unsigned char byte : stored->sha256) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    std::cout << hex.data();
  }
  std::cout << std::endl;
  return {};
}

Outcome run(const std::vector<std::string>& words) {
  const Arguments args = parse(words);
  if (args.help) {
    std::cout << kUsage;
    return {};
  }
  if (args.command == "serve") return serve(args);
  return print(args.name, args.command == "put" ? put(args) : info(args));
}

}  // namespace

int main(int argc, char** argv) { return run_program("image-uploader", argc, argv, run); }
