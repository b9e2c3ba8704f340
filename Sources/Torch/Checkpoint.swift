import CTorch

/// Runs `body` without keeping its intermediate results, and runs it again in the backward pass
/// (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; torch.utils.checkpoint).
///
/// - Parameters:
///   - inputs: what `body` receives. On CUDA the second run happens on autograd's own thread, so
///     `body` must be a pure function of these and of constants.
///   - trained: the trained tensors that `body` reads besides its inputs. With a frozen base the
///     inputs may need no gradient, and without these tensors the graph would end here.
/// - Throws: `TorchError`; `backward` throws an error of `body` in the second run.
public func checkpoint(
  _ inputs: [Tensor], trained: [Tensor], _ body: @escaping ([Tensor]) throws -> Tensor
) throws(TorchError) -> Tensor {
  let context = Unmanaged.passRetained(CheckpointBody(run: body)).toOpaque()
  let handle = withHandles(inputs) { inputHandles, inputCount in
    withHandles(trained) { trainedHandles, trainedCount in
      ct_checkpoint(
        runCheckpointBody, context, { Unmanaged<CheckpointBody>.fromOpaque($0).release() },
        inputHandles, inputCount, trainedHandles, trainedCount)
    }
  }
  return try Tensor(adopting: handle)
}

/// Carries a Swift closure through C.
private final class CheckpointBody {
  let run: ([Tensor]) throws -> Tensor

  init(run: @escaping ([Tensor]) throws -> Tensor) { self.run = run }
}

/// The function that C calls. It wraps the borrowed inputs, passes on the output's handle, and
/// records an error as this thread's.
private func runCheckpointBody(
  context: UnsafeMutableRawPointer, inputs: UnsafePointer<OpaquePointer>, count: Int
) -> OpaquePointer? {
  let body = Unmanaged<CheckpointBody>.fromOpaque(context).takeUnretainedValue()
  do {
    let tensors = try (0..<count).map { try Tensor(borrowing: inputs[$0]) }
    return try body.run(tensors).retainedHandle()
  } catch let error as TorchError {
    ct_fail(error.message, error.isOutOfMemory)
  } catch {
    ct_fail(String(describing: error), false)
  }
  return nil
}

extension Tensor {
  /// A second owner of a borrowed handle's tensor.
  fileprivate convenience init(borrowing handle: OpaquePointer) throws(TorchError) {
    try self.init(adopting: ct_alias(handle))
  }
}
