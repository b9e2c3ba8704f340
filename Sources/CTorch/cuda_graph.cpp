// CUDA graphs.
#include <dlfcn.h>

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "graph.h"
#include "shim.h"

using namespace shim;

namespace {

/// The functions of `at::cuda::CUDAGraph`. Its header needs NVIDIA's, which a machine without a GPU does
/// not have, so they are found by the names that C++ gives them in the loaded library. These names and the
/// types of their parameters are the same in libtorch 2.11, 2.12 and 2.13.
struct CUDAGraphFunctions {
  void (*construct)(void *graph, bool keep_graph);
  void (*destroy)(void *graph);
  void (*capture_begin)(void *graph, c10::MempoolId_t pool, int mode);
  void (*capture_end)(void *graph);
  void (*replay)(void *graph);
  c10::MempoolId_t (*graph_pool_handle)();

  static const CUDAGraphFunctions &get() {
    static const CUDAGraphFunctions functions;
    return functions;
  }

 private:
  CUDAGraphFunctions() {
    TORCH_CHECK(TORCH_VERSION_MINOR <= 13, "lora-train does not know the CUDA graphs of this libtorch");
    find(construct, "_ZN2at4cuda9CUDAGraphC1Eb");
    find(destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
    find(
        capture_begin,
        "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
    find(capture_end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
    find(replay, "_ZN2at4cuda9CUDAGraph6replayEv");
    find(graph_pool_handle, "_ZN2at4cuda17graph_pool_handleEv");
  }

  template <typename Function>
  static void find(Function &function, const char *name) {
    function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    TORCH_CHECK(function, "The loaded libtorch has no CUDA graphs: ", name, " is missing");
  }
};

/// Only calls of the capturing thread are checked, since others may write checkpoints.
constexpr int capture_mode_thread_local = 1;

/// An `at::cuda::CUDAGraph`. It has 344 bytes in libtorch 2.13 and 104 in 2.11.
class Capture {
 public:
  /// The graph is kept, so that only its first replay makes it executable. A lack of memory for that then
  /// comes after the end of the capture.
  Capture() { functions_.construct(memory_, /*keep_graph=*/true); }
  ~Capture() { functions_.destroy(memory_); }
  Capture(const Capture &) = delete;
  Capture &operator=(const Capture &) = delete;

  void begin(c10::MempoolId_t pool) {
    functions_.capture_begin(memory_, pool, capture_mode_thread_local);
  }
  void end() { functions_.capture_end(memory_); }
  void replay() { functions_.replay(memory_); }

 private:
  const CUDAGraphFunctions &functions_ = CUDAGraphFunctions::get();
  alignas(std::max_align_t) std::byte memory_[4096];
};

/// Makes a device and one of its streams current, until it is destroyed.
class CurrentStream {
 public:
  explicit CurrentStream(c10::Stream stream)
      : device_(stream.device()), guard_(stream.device_type()),
        previous_(guard_.exchangeStream(stream)) {}
  ~CurrentStream() {
    status([&] { guard_.exchangeStream(previous_); });
  }
  CurrentStream(const CurrentStream &) = delete;
  CurrentStream &operator=(const CurrentStream &) = delete;

 private:
  c10::DeviceGuard device_;
  c10::impl::VirtualGuardImpl guard_;
  c10::Stream previous_;
};

/// Memory that graphs share. Its blocks belong to a stream, so all recordings into it use the same one.
class Pool {
 public:
  explicit Pool(at::Device device)
      : device(device), id(CUDAGraphFunctions::get().graph_pool_handle()),
        stream(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device)) {}
  ~Pool() { grow(-bytes_); }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  const at::Device device;
  const c10::MempoolId_t id;
  const c10::Stream stream;

  /// Counts bytes that a recording has added.
  void grow(int64_t bytes) {
    std::lock_guard<std::mutex> guard(lock_);
    bytes_ += bytes;
    sums_[device.index()] += bytes;
  }

  /// The bytes of all pools of a device.
  static int64_t sum(c10::DeviceIndex device) {
    std::lock_guard<std::mutex> guard(lock_);
    auto found = sums_.find(device);
    return found == sums_.end() ? 0 : found->second;
  }

 private:
  int64_t bytes_ = 0;
  static inline std::mutex lock_;
  static inline std::map<c10::DeviceIndex, int64_t> sums_;
};

/// The bytes that libtorch has asked the driver for.
int64_t reserved(at::Device device) {
  return at::accelerator::getDeviceStats(device.index())
      .reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

/// Whether a capture did not end. libtorch then frees no memory that it keeps, or that waits for a stream.
std::atomic<bool> is_damaged{false};

class CUDAGraph : public Graph {
 public:
  explicit CUDAGraph(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

  ~CUDAGraph() override {
    // The pool's memory may be given to others, when the last repetition has ended.
    if (capture_) status([&] { at::accelerator::synchronizeDevice(pool_->device.index()); });
  }

  void begin() override {
    TORCH_CHECK(!current_, "The graph is being recorded already");
    TORCH_CHECK(!is_damaged, "CUDA did not end an earlier recording");
    // What was queued before must not become part of the recording, which can use nothing of the memory
    // that libtorch keeps from before.
    at::accelerator::synchronizeDevice(pool_->device.index());
    at::accelerator::emptyCache();
    reserved_before_ = reserved(pool_->device);
    current_.emplace(pool_->stream);
    try {
      capture_ = std::make_unique<Capture>();
      capture_->begin(pool_->id);
    } catch (...) {
      abandon();
      throw;
    }
  }

  void end() override {
    capture_->end();
    current_.reset();
    pool_->grow(reserved(pool_->device) - reserved_before_);
    replay();
  }

  void abandon() override {
    if (current_ && capture_ && status([&] { capture_->end(); }) != 0) {
      // The allocator still refers to a capture that did not end.
      is_damaged = true;
      static_cast<void>(capture_.release());
    }
    capture_.reset();
    current_.reset();
  }

  void replay() override {
    TORCH_CHECK(capture_, "The graph has recorded nothing");
    capture_->replay();
  }

  std::unique_ptr<Graph> neighbour() const override { return std::make_unique<CUDAGraph>(pool_); }

 private:
  std::shared_ptr<Pool> pool_;
  int64_t reserved_before_ = 0;
  std::unique_ptr<Capture> capture_;
  std::optional<CurrentStream> current_;
};

}  // namespace

std::unique_ptr<Graph> shim::cuda_graph(at::Device device) {
  return std::make_unique<CUDAGraph>(std::make_shared<Pool>(device));
}

int64_t shim::cuda_graph_memory(c10::DeviceIndex device) { return Pool::sum(device); }

bool shim::has_failed_capture() { return is_damaged; }
