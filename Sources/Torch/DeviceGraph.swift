import CTorch

/// Work of a device that is recorded once and then repeated as a whole, so that the host does not queue
/// each operation again: a CUDA graph. A repetition uses the same memory and the same numbers, so what
/// differs between repetitions must be in tensors that exist before the recording.
///
/// On the CPU the operations themselves are repeated. This saves nothing there, but shows whether work
/// depends on more than its tensors.
package final class DeviceGraph {
  /// How often to run work before it is recorded. In these runs libtorch chooses kernels and loads them.
  package static let runsBefore = 2

  private let handle: OpaquePointer

  /// A graph that has recorded nothing. Throws `TorchError`, also if the loaded libtorch has no CUDA graphs.
  ///
  /// - Parameter neighbour: A graph whose memory this one uses, too. The results of either are then valid
  ///   until the next repetition of the other.
  package init(on device: Device, neighbour: DeviceGraph? = nil) throws(TorchError) {
    let made =
      neighbour.map { ct_graph_neighbour($0.handle) } ?? ct_graph_create(device.cdevice)
    guard let made else { throw TorchError.last }
    handle = made
  }

  deinit { checkProperty(ct_graph_free(handle)) }

  /// Runs `body` without the memory that libtorch keeps from before, and records its operations and those of its backward passes. A GPU executes them when
  /// `body` has returned, so it cannot read their results.
  ///
  /// - Throws: `TorchError`, and errors of `body`. The graph then has recorded nothing.
  package func record<Result>(_ body: () throws -> Result) throws -> Result {
    try check(ct_graph_begin(handle))
    do {
      let result = try body()
      try check(ct_graph_end(handle))
      return result
    } catch {
      // The first error counts.
      _ = ct_graph_abandon(handle)
      throw error
    }
  }

  /// Repeats the recorded work. Throws `TorchError`.
  package func replay() throws(TorchError) { try check(ct_graph_replay(handle)) }
}
