// What the server answers: the methods of ImageService.
#pragma once

#include <cstdint>

#include "disk.h"
#include "image/v1/image.grpc.pb.h"
#include "workers.h"

// One store serves every call on every connection, from any thread.
class Images final : public image::v1::ImageService::CallbackService {
 public:
  // `quota` is the largest image that is taken, in bytes.
  Images(Disk& disk, Workers& workers, std::uint64_t quota)
      : disk_(disk), workers_(workers), quota_(quota) {}

  grpc::ServerReadReactor<image::v1::UploadRequest>* Upload(
      grpc::CallbackServerContext* context, image::v1::UploadResponse* response) override;
  grpc::ServerUnaryReactor* GetImageInfo(grpc::CallbackServerContext* context,
                                         const image::v1::GetImageInfoRequest* request,
                                         image::v1::GetImageInfoResponse* response) override;

 private:
  Disk& disk_;
  Workers& workers_;
  const std::uint64_t quota_;
};
