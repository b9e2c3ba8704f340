// The profiler of libtorch, which records operations and, with CUDA, the kernels that they launch.
#include <ATen/DeviceAccelerator.h>
#include <torch/csrc/autograd/profiler_kineto.h>
#include <torch/cuda.h>

#include <set>
#include <string>

#include "shim.h"

using namespace shim;

namespace {

/// Whether this thread's operations are recorded. Libtorch does not refuse to stop without a recording.
thread_local bool recording = false;

/// Waits for the kernels of the current GPU, so that a recording begins and ends between them.
void wait_for_gpu() {
  if (torch::cuda::device_count() > 0) {
    at::accelerator::synchronizeDevice(at::accelerator::getDeviceIndex());
  }
}

}  // namespace

int ct_profiler_start(void) noexcept {
  return status([] {
    TORCH_CHECK(!recording, "a recording of the profiler runs already");
    using torch::profiler::impl::ActivityType;
    std::set<ActivityType> activities{ActivityType::CPU};
    if (torch::cuda::device_count() > 0) activities.insert(ActivityType::CUDA);
    const torch::profiler::impl::ProfilerConfig config(
        torch::profiler::impl::ProfilerState::KINETO);
    torch::autograd::profiler::prepareProfiler(config, activities);
    wait_for_gpu();
    torch::autograd::profiler::enableProfiler(config, activities);
    recording = true;
  });
}

int ct_profiler_stop(const char *path) noexcept {
  return status([&] {
    TORCH_CHECK(recording, "no recording of the profiler runs");
    recording = false;
    wait_for_gpu();
    torch::autograd::profiler::disableProfiler()->save(path);
  });
}
