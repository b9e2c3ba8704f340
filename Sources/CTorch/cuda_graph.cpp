// CUDA graphs.
#include <dlfcn.h>

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstddef>
#include <map>
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
  Capture() { functions_.construct(memory_, /*keep_graph=*/false); }
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

/// The bytes of a graph's intermediate results, as long as it exists.
class GraphMemory {
 public:
  GraphMemory(c10::DeviceIndex device, int64_t bytes) : device_(device), bytes_(bytes) {
    add(bytes_);
  }
  ~GraphMemory() { add(-bytes_); }
  GraphMemory(const GraphMemory &) = delete;
  GraphMemory &operator=(const GraphMemory &) = delete;

  static int64_t sum(c10::DeviceIndex device) {
    std::lock_guard<std::mutex> guard(lock_);
    auto found = sums_.find(device);
    return found == sums_.end() ? 0 : found->second;
  }

 private:
  void add(int64_t bytes) const {
    std::lock_guard<std::mutex> guard(lock_);
    sums_[device_] += bytes;
  }

  c10::DeviceIndex device_;
  int64_t bytes_;
  static inline std::mutex lock_;
  static inline std::map<c10::DeviceIndex, int64_t> sums_;
};

/// The bytes that libtorch has asked the driver for.
int64_t reserved(at::Device device) {
  return at::accelerator::getDeviceStats(device.index())
      .reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

class CUDAGraph : public Graph {
 public:
  CUDAGraph(at::Device device, c10::MempoolId_t pool)
      : device_(device), pool_(pool),
        stream_(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device)) {}

  void begin() override {
    // What was queued before must not become part of the recording.
    at::accelerator::synchronizeDevice(device_.index());
    reserved_before_ = reserved(device_);
    current_.emplace(stream_);
    capture_.emplace();
    capture_->begin(pool_);
  }

  void end() override {
    capture_->end();
    current_.reset();
    memory_.emplace(device_.index(), reserved(device_) - reserved_before_);
    replay();
  }

  void abandon() override {
    // CUDA ends the capture even if this reports that it has become invalid.
    if (current_ && capture_) status([&] { capture_->end(); });
    capture_.reset();
    current_.reset();
  }

  void replay() override {
    TORCH_CHECK(capture_, "The graph has recorded nothing");
    capture_->replay();
  }

  std::unique_ptr<Graph> neighbour() const override {
    return std::make_unique<CUDAGraph>(device_, pool_);
  }

 private:
  at::Device device_;
  c10::MempoolId_t pool_;
  c10::Stream stream_;
  int64_t reserved_before_ = 0;
  std::optional<GraphMemory> memory_;
  std::optional<Capture> capture_;
  std::optional<CurrentStream> current_;
};

}  // namespace

std::unique_ptr<Graph> shim::cuda_graph(at::Device device) {
  return std::make_unique<CUDAGraph>(device, CUDAGraphFunctions::get().graph_pool_handle());
}

int64_t shim::cuda_graph_memory(c10::DeviceIndex device) { return GraphMemory::sum(device); }
