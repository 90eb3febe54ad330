#include "disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace {

// What the name of every temporary file begins with.
constexpr std::string_view kTemporary = ".upload-";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

File::File(const fs::path& path, int flags)
    : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail(path);
}

File::~File() { close(descriptor_); }

std::size_t File::read(char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t length = ::read(descriptor_, buffer, size);
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR) fail("read");
  }
}

void File::write(std::string_view data) {
  while (!data.empty()) {
    const ssize_t length = ::write(descriptor_, data.data(), data.size());
    if (length >= 0) {
      data.remove_prefix(static_cast<std::size_t>(length));
    } else if (errno != EINTR) {
      fail("write");
    }
  }
}

void File::sync() {
  if (fsync(descriptor_) != 0) fail("fsync");
}

Disk::Disk(fs::path folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with(kTemporary)) fs::remove(entry.path());
  }
}

std::optional<Image> Disk::image(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    check_power();
  }
  std::optional<File> file;
  try {
    file.emplace(folder_ / name, O_RDONLY);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory) return std::nullopt;
    throw;
  }
  Image image;
  Sha256 sha256;
  std::vector<char> piece(64 * 1024);
  while (const std::size_t length = file->read(piece.data(), piece.size())) {
    image.size += length;
    sha256.update({piece.data(), length});
  }
  image.sha256 = sha256.finish();
  return image;
}

void Disk::pull_the_plug() {
  const std::lock_guard lock(mutex_);
  unpowered_ = true;
  changed_.notify_all();
  for (const auto& [path, synced] : synced_) fs::resize_file(path, synced);
  synced_.clear();
}

void Disk::fail_writes(bool fail) {
  const std::lock_guard lock(mutex_);
  full_ = fail;
}

void Disk::hold_syncs(bool hold) {
  const std::lock_guard lock(mutex_);
  held_ = hold;
  changed_.notify_all();
}

Counts Disk::counts() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

fs::path Disk::new_path() {
  return folder_ / (std::string(kTemporary) + std::to_string(++created_));
}

void Disk::check_power() const {
  if (unpowered_) {
    throw std::system_error(EIO, std::generic_category(), "the disk has no power");
  }
}

void Disk::wait_while_held() {
  std::unique_lock lock(mutex_);
  check_power();
  ++counts_.held_syncs;
  changed_.wait(lock, [this] { return !held_ || unpowered_; });
  --counts_.held_syncs;
  check_power();
}

Temporary::Temporary(Disk& disk) : disk_(disk) {
  const std::lock_guard lock(disk_.mutex_);
  disk_.check_power();
  path_ = disk_.new_path();
  file_.emplace(path_, O_WRONLY | O_CREAT | O_EXCL);
  ++disk_.counts_.temporaries;
  disk_.synced_.emplace(path_, 0);
}

// ANCHOR: raii
Temporary::~Temporary() {
  if (published_) return;
  const std::lock_guard lock(disk_.mutex_);
  // A disk without power takes nothing.
  if (disk_.unpowered_) return;
  // A destructor must not throw.
  std::error_code error;
  if (!fs::remove(path_, error)) {
    std::cerr << "image-uploader: " << path_ << " is left behind: " << error.message() << std::endl;
    return;
  }
  --disk_.counts_.temporaries;
  disk_.synced_.erase(path_);
}
// ANCHOR_END: raii

void Temporary::write(std::string_view data) {
  {
    const std::lock_guard lock(disk_.mutex_);
    disk_.check_power();
    if (disk_.full_) throw std::system_error(ENOSPC, std::generic_category(), "write");
  }
  file_->write(data);
  written_ += data.size();
  const std::lock_guard lock(disk_.mutex_);
  disk_.counts_.bytes += data.size();
}

void Temporary::sync() {
  disk_.wait_while_held();
  file_->sync();
  const std::lock_guard lock(disk_.mutex_);
  disk_.check_power();
  disk_.synced_[path_] = written_;
}

void Temporary::publish(const std::string& name) {
  const fs::path path = disk_.folder_ / name;
  {
    const std::lock_guard lock(disk_.mutex_);
    disk_.check_power();
    fs::rename(path_, path);
    --disk_.counts_.temporaries;
    const std::uint64_t synced = disk_.synced_[path_];
    disk_.synced_.erase(path_);
    disk_.synced_.erase(path);
    // Files that are safe need not be remembered.
    if (synced != written_) disk_.synced_.emplace(path, synced);
    published_ = true;
  }
  // A name is an entry of its folder, which is a file too.
  File(disk_.folder_, O_RDONLY | O_DIRECTORY).sync();
}
