import CTorch
package import Foundation

/// Libtorch's profiler: the operations of a thread, the backward passes that it starts and, with a GPU,
/// the kernels that they launch.
package enum Profiler {
  /// Starts a recording on this thread. Throws `TorchError` if one runs already.
  package static func start() throws(TorchError) { try check(ct_profiler_start()) }

  /// Ends the recording of this thread and writes it to a file, as JSON in Chrome's trace format
  /// (`chrome://tracing`, `torch.profiler`'s `export_chrome_trace`). Throws `TorchError` if none runs.
  package static func stop(writingTo file: URL) throws(TorchError) {
    try check(ct_profiler_stop(file.path))
  }
}
