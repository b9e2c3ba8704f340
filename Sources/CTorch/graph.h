// Private to CTorch: recordings of work on a device.
#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace shim {

/// Work on a device that is recorded once and then repeated as a whole, on the same memory and with the
/// same arguments.
class Graph {
 public:
  virtual ~Graph() = default;

  /// Starts to record the operations of this thread and of its backward passes.
  virtual void begin() = 0;
  /// Ends the recording, and lets a GPU execute it.
  virtual void end() = 0;
  /// Ends a recording whose work has failed. The graph cannot be repeated.
  virtual void abandon() = 0;
  virtual void replay() = 0;
  /// A graph that uses the memory of this one. The results of either are valid until the next replay of the
  /// other.
  virtual std::unique_ptr<Graph> neighbour() const = 0;
};

/// A graph on a CUDA device. Throws if the loaded libtorch has none.
std::unique_ptr<Graph> cuda_graph(at::Device device);

/// The bytes that the graphs of a device use and that libtorch counts as free.
int64_t cuda_graph_memory(c10::DeviceIndex device);

/// Whether a recording on a GPU did not end. libtorch then frees no memory that it keeps, or that waits for a
/// stream.
bool has_failed_capture();

/// The operations themselves, in order. They are executed while they are recorded.
std::unique_ptr<Graph> cpu_graph();

}  // namespace shim
