// Lets a test see the disk, and do to it what happens to disks.
#pragma once

#include "disk.h"
#include "image/v1/inspect.grpc.pb.h"

class Inspect final : public image::v1::InspectService::CallbackService {
 public:
  explicit Inspect(Disk& disk) : disk_(disk) {}

  grpc::ServerUnaryReactor* PullThePlug(grpc::CallbackServerContext* context,
                                        const image::v1::PullThePlugRequest* request,
                                        image::v1::PullThePlugResponse* response) override;
  grpc::ServerUnaryReactor* FailWrites(grpc::CallbackServerContext* context,
                                       const image::v1::FailWritesRequest* request,
                                       image::v1::FailWritesResponse* response) override;
  grpc::ServerUnaryReactor* HoldSyncs(grpc::CallbackServerContext* context,
                                      const image::v1::HoldSyncsRequest* request,
                                      image::v1::HoldSyncsResponse* response) override;
  grpc::ServerUnaryReactor* CountWrites(grpc::CallbackServerContext* context,
                                        const image::v1::CountWritesRequest* request,
                                        image::v1::CountWritesResponse* response) override;

 private:
  Disk& disk_;
};
