import CTorch
public import Foundation

/// Libtorch's profiler: the operations of a thread, the backward passes that it starts and, with a GPU,
/// the kernels that they launch.
public enum Profiler {
  /// Starts a recording on this thread. Throws `TorchError` if one runs already.
  public static func start() throws(TorchError) { try check(ct_profiler_start()) }

  /// Ends the recording of this thread and writes it to a file, as JSON in Chrome's trace format
  /// (`chrome://tracing`, `torch.profiler`'s `export_chrome_trace`). Throws `TorchError` if none runs.
  public static func stop(writingTo file: URL) throws(TorchError) {
    try check(ct_profiler_stop(file.path))
  }
}
