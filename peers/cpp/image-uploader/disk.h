// The disk under the images.
//
// An image is a file of its name in the store's folder. What is still being uploaded is a temporary
// file beside them, whose name begins with a dot, so it can never be taken for an image. Every
// function here waits for the disk and blocks the thread that calls it: for microseconds as a rule,
// for seconds when the disk is busy. What fails throws std::system_error.
//
// The disk also does on command what disks do: it fills up, keeps a sync waiting, loses its power.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sha256.h"

// What is stored under a name.
struct Image {
  std::uint64_t size = 0;
  Digest sha256{};
};

// What has become of the disk so far.
struct Counts {
  std::uint64_t bytes = 0;        // that were written, whatever became of their file
  std::uint64_t temporaries = 0;  // that were neither published nor removed
  std::uint64_t held_syncs = 0;   // that wait because they are held
};

// A file descriptor, closed when it is destroyed.
class File {
 public:
  File(const std::filesystem::path& path, int flags);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Answers how many bytes it has read into the buffer; 0 at the end.
  std::size_t read(char* buffer, std::size_t size);
  void write(std::string_view data);
  void sync();

  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

class Disk {
 public:
  // Takes a folder for itself, and makes it if it is not there. Temporary files in it are what a
  // crash has left, and are removed.
  explicit Disk(std::filesystem::path folder);

  // Reads the image of this name to its end, if there is one.
  //
  // The name becomes part of a path as it is. Which names are safe is for whoever takes them from
  // strangers to know.
  std::optional<Image> image(const std::string& name);

  // What a test may see and do: inspect.cc puts these on the wire.

  // Leaves what a power failure may leave: every name as it is now, and of every file what was
  // synced. After that the disk takes nothing.
  void pull_the_plug();
  void fail_writes(bool fail);
  void hold_syncs(bool hold);
  Counts counts();

 private:
  friend class Temporary;

  // With mutex_ held.
  std::filesystem::path new_path();
  void check_power() const;

  void wait_while_held();

  const std::filesystem::path folder_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool full_ = false;
  bool held_ = false;
  bool unpowered_ = false;
  Counts counts_;
  std::uint64_t created_ = 0;  // temporary files, ever
  // How much of each file is safe, in bytes. A file that is not here is safe altogether.
  std::map<std::filesystem::path, std::uint64_t> synced_;
};

// A file that is not an image yet. Unless it is published, it goes with this object, however an
// upload ends: with a reply, with an error, or because the caller has gone.
class Temporary {
 public:
  // Makes an empty file that no other upload has.
  explicit Temporary(Disk& disk);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  // Writes at the end. The bytes may be in memory only, until they are synced.
  void write(std::string_view data);

  // Waits until everything that was written would survive a power failure.
  void sync();

  // Makes the file the image of this name, in place of an older one, in one step: whoever looks
  // finds the old image or the new one, whole. After it the new name would survive a power failure.
  // Whether the content would is another matter: see sync().
  //
  // The name becomes part of a path as it is. To be called once.
  void publish(const std::string& name);

 private:
  Disk& disk_;
  std::filesystem::path path_;
  std::optional<File> file_;
  std::uint64_t written_ = 0;
  bool published_ = false;
};
