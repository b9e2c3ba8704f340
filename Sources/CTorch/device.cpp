// Devices, memory, threads.
#include <dlfcn.h>

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/cuda.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "graph.h"
#include "shim.h"

using namespace shim;

namespace {

/// The index of a CUDA device, after CUDA was initialised: its allocator counts nothing before.
/// Throws for the CPU.
c10::DeviceIndex cuda_index(ct_device place) {
  auto checked = device(place);
  TORCH_CHECK(checked.is_cuda(), "only CUDA devices have a name and memory that is counted");
  at::globalContext().lazyInitDevice(checked.type());
  return checked.index();
}

/// A function of the driver's library, which CUDA has loaded.
template <typename Function>
Function driver_function(const char *name) {
  auto *library = dlopen("libcuda.so.1", RTLD_NOW);
  auto *function = library ? dlsym(library, name) : nullptr;
  TORCH_CHECK(function, "The CUDA driver has no ", name, ": ", dlerror());
  return reinterpret_cast<Function>(function);
}

}  // namespace

int32_t ct_cuda_count(void) noexcept {
  return guard<int32_t>(
      0, [] { return static_cast<int32_t>(torch::cuda::device_count()); });
}

uint64_t ct_version(void) noexcept {
  return guard<uint64_t>(0, [] { return aoti_torch_abi_version(); });
}

uint64_t ct_compiled_version(void) noexcept {
  return guard<uint64_t>(0, [] {
    return static_cast<uint64_t>(TORCH_VERSION_MAJOR) << 56 |
           static_cast<uint64_t>(TORCH_VERSION_MINOR) << 48 |
           static_cast<uint64_t>(TORCH_VERSION_PATCH) << 40;
  });
}

int ct_device_name(ct_device device, char *name, size_t capacity) noexcept {
  return status([&] {
    auto index = cuda_index(device);
    int handle = 0;
    auto failure = driver_function<int (*)(int *, int)>("cuDeviceGet")(&handle, index);
    if (failure == 0) {
      failure = driver_function<int (*)(char *, int, int)>("cuDeviceGetName")(
          name, static_cast<int>(capacity), handle);
    }
    TORCH_CHECK(failure == 0, "The CUDA driver names no device ", index, ": error ", failure);
  });
}

int ct_memory_allocated(ct_device device, int64_t *now, int64_t *peak) noexcept {
  return status([&] {
    auto index = cuda_index(device);
    auto stats = at::accelerator::getDeviceStats(index);
    const auto &bytes = stats.allocated_bytes[static_cast<size_t>(
        c10::CachingAllocator::StatType::AGGREGATE)];
    *now = bytes.current;
    *peak = std::max(bytes.peak, bytes.current + cuda_graph_memory(index));
  });
}

int ct_reset_peak_memory(ct_device device) noexcept {
  return status([&] { at::accelerator::resetPeakStats(cuda_index(device)); });
}

int ct_memory_info(ct_device device, int64_t *free, int64_t *total) noexcept {
  return status([&] {
    auto [available, all] = at::accelerator::getMemoryInfo(cuda_index(device));
    *free = static_cast<int64_t>(available);
    *total = static_cast<int64_t>(all);
  });
}

int ct_empty_cache(void) noexcept {
  return status([] {
    if (!has_failed_capture()) at::accelerator::emptyCache();
  });
}

int32_t ct_threads(void) noexcept {
  return guard<int32_t>(-1, [] { return at::get_num_threads(); });
}

int ct_set_threads(int32_t count) noexcept {
  return status([&] { at::set_num_threads(std::max(count, 1)); });
}

int ct_use_deterministic_kernels(void) noexcept {
  return status([] {
    // cuBLAS reads this when it starts; only these two values make it deterministic.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    std::string workspace = getenv("CUBLAS_WORKSPACE_CONFIG");
    TORCH_CHECK(
        workspace == ":4096:8" || workspace == ":16:8",
        "CUBLAS_WORKSPACE_CONFIG is ", workspace,
        ", but deterministic kernels need :4096:8 or :16:8");
    auto &context = at::globalContext();
    context.setDeterministicAlgorithms(true, /*warn_only=*/false);
    context.setDeterministicCuDNN(true);
    context.setBenchmarkCuDNN(false);
    // Our code reads no element before it is written, so empty tensors need not be filled.
    context.setDeterministicFillUninitializedMemory(false);
    // Its backward pass adds with atomics. The other kernels of attention do not: in this mode the
    // backward passes of flash and memory-efficient attention do not split their sums.
    context.setSDPUseCuDNN(false);
  });
}

int ct_tunes_convolutions(void) noexcept {
  return guard<int>(-1, [] { return at::globalContext().benchmarkCuDNN() ? 1 : 0; });
}

int ct_set_tunes_convolutions(bool enabled) noexcept {
  return status([&] { at::globalContext().setBenchmarkCuDNN(enabled); });
}
