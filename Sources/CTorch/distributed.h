// Private to CTorch: groups of processes.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "ctorch_distributed.h"
#include "shim.h"

namespace shim {

/// A collective operation that has begun.
struct Work {
  virtual ~Work() = default;
  /// Whether it is done, after waiting at most `time`. Throws if it has failed.
  virtual bool wait(std::chrono::milliseconds time) = 0;
};

/// The processes that compute together.
struct Group {
  virtual ~Group() = default;
  virtual std::unique_ptr<Work> allreduce(const at::Tensor &tensor) = 0;
  virtual std::unique_ptr<Work> broadcast(const at::Tensor &tensor, int root) = 0;
};

/// Throws if NCCL is missing.
std::unique_ptr<Group> nccl_group(c10d::Store &store, int rank, int size, at::Device device);

inline c10d::Store &ref(ct_store store) {
  return **reinterpret_cast<c10::intrusive_ptr<c10d::Store> *>(store);
}

}  // namespace shim
